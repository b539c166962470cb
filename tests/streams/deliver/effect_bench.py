"""One create-once effect on a target in memory."""

from __future__ import annotations

from schemas.ids import Ref
from streams.deliver.effect import CreateOnce, Effects, Made, Settling
from streams.deliver.operations import CREATE_ORDER
from streams.errors import TillstreamError
from streams.ports import EffectKey, EffectState
from tests.twins.clock import FakeClock
from tests.twins.store import MemoryStore

KEY = EffectKey("pos", "create_order", Ref("web", "order", "42"))
LINK = (Ref("web", "order", "42"), Ref("pos", "order", "1"))
SETTLING = Settling(timeout=5, longest_execution=20, lookup_lag=3)
SETTLED = SETTLING.total.total_seconds()


class Target:
    """A system without idempotency keys: every send that reaches it makes one more."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.answer: TillstreamError | None = None
        self.acts = True
        self.shows = True
        self.sent = 0

    async def find(self) -> str | None:
        return self.made[0] if self.made and self.shows else None

    async def send(self) -> str:
        self.sent += 1
        if self.acts:
            self.made.append(str(len(self.made) + 1))
        if self.answer is not None:
            raise self.answer
        return self.made[-1]


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.target = Target()
        self.announced: list[str] = []

    def effect(self) -> CreateOnce:
        return CreateOnce(
            key=KEY,
            operation=CREATE_ORDER,
            request_hash="h",
            sought="order W-42",
            find=self.target.find,
            send=self.target.send,
            announce=self._announce,
            link=lambda target_id: (LINK[0], Ref("pos", "order", target_id)),
        )

    async def _announce(self, target_id: str) -> None:
        self.announced.append(target_id)

    async def perform(self, owner: str = "a", *, replays: int = 0) -> Made:
        effects = Effects(self.store.ledger, self.clock, owner=owner, settling=SETTLING)
        return await effects.perform(self.effect(), replays=replays)

    @property
    def state(self) -> EffectState:
        return self.store.ledger.rows[KEY].state

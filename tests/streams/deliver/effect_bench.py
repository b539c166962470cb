"""One create-once effect on a target in memory."""

from __future__ import annotations

from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.effect import Effects, Made, Settling
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
            steps=(self.step(),),
            announce=self._announce,
            link=lambda ids: (LINK[0], Ref("pos", "order", ids[0])),
        )

    def step(self) -> Step:
        return Step(CREATE_ORDER, "h", "order W-42", send=self._send, find=self._find)

    async def _find(self, _before: Ids) -> str | None:
        return await self.target.find()

    async def _send(self, _before: Ids) -> str:
        return await self.target.send()

    async def _announce(self, ids: Ids) -> None:
        self.announced.append(ids[-1])

    async def perform(self, owner: str = "a", *, replays: int = 0) -> Made:
        effects = Effects(self.store.ledger, self.clock, owner=owner, settling=SETTLING)
        return await effects.perform(self.effect(), replays=replays)

    @property
    def state(self) -> EffectState:
        return self.store.ledger.rows[KEY].state

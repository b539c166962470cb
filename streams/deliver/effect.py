"""The one place where create-once effects are sent: look up, begin in the ledger, send once, finish."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.ids import Ref
from streams.deliver.ledger import AlreadyDone, LookUp, next_action, same_target, sends_allowed
from streams.deliver.operations import Operation, OperationKind
from streams.errors import AuthFailed, OutcomeUnknown, Rejected, Transient, Unavailable
from streams.ports import NOWHERE, Clock, EffectDone, EffectKey, Failpoint, Failpoints, Fenced, Ledger, Revision

NEVER_BEGUN = 0
"""Epoch of an effect without a ledger row. Most are: that is tried first, and a row that is there is read only then."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an effect made in the target.

    Attributes:
        target_id: its id there.
        found: True if it was there already: made by an earlier try, a replay or by hand.
    """

    target_id: str
    found: bool


@dataclass(frozen=True, slots=True)
class CreateOnce:
    """One effect that must happen once.

    Attributes:
        key: its identity, without flow or version.
        operation: how it is declared.
        request_hash: hash of what is sent.
        sought: what a person looks for in the target, such as ``order W-42``.
        find: reads the target by the natural key or marker; raises Rejected on a collision. None if and only if the
            operation is declared without a look-up.
        send: the mutation; sent once.
        announce: publishes the confirmation, before the ledger says done, so that a crash repeats it.
        link: the refs to link, given the target id.
        applied: revisions that are applied with it.
    """

    key: EffectKey
    operation: Operation
    request_hash: str
    sought: str
    find: Callable[[], Awaitable[str | None]] | None
    send: Callable[[], Awaitable[str]]
    announce: Callable[[str], Awaitable[None]] | None = None
    link: Callable[[str], tuple[Ref, Ref]] | None = None
    applied: Mapping[Ref, Revision] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError if it is not as the operation is declared."""
        name, lookup = self.operation.name, self.operation.lookup
        if self.operation.kind is not OperationKind.CREATE_ONCE:
            raise ValueError(f"{name} sets a value: it is not made once")
        if self.key.operation != name:
            raise ValueError(f"{name} under the key of {self.key.operation}")
        if lookup is None and self.find is not None:
            raise ValueError(f"{name} is declared without a look-up, and is built with one")
        if lookup is not None and self.find is None:
            raise ValueError(f"{name} is looked up by {lookup}, and is built without a look-up")

    async def look(self) -> str | None:
        """Its id in the target; None if the target does not show it, or has no way to."""
        return await self.find() if self.find is not None else None


@dataclass(frozen=True, slots=True)
class Settling:
    """How long a target may keep us in the dark, in seconds.

    Attributes:
        timeout: the client's time-out of one request.
        longest_execution: how long the target may go on after that.
        lookup_lag: how far its look-ups may lag behind what it has done.
        look_again: pause between looks while it settles.
        fence: longest pause between the ledger's begin and the send; a worker frozen for longer does not send.
    """

    timeout: float
    longest_execution: float
    lookup_lag: float = 10.0
    look_again: float = 2.0
    fence: float = 1.0

    @property
    def total(self) -> timedelta:
        """How long after its begin a mutation may still show up: only then does a look that finds nothing count."""
        return timedelta(seconds=self.fence + self.timeout + self.longest_execution + self.lookup_lag)


class Effects:
    """Performs create-once effects for one worker and one target."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, owner: str, settling: Settling, failpoints: Failpoints = NOWHERE
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._owner = owner
        self._settling = settling
        self._failpoints = failpoints

    async def perform(self, effect: CreateOnce, *, replays: int = 0) -> Made:
        """Make it once, or find that it is there.

        Args:
            effect: what to make.
            replays: times that a person let the event try again; each allows one send more than `ledger.SENDS`.

        Raises:
            OutcomeUnknown: with ``retry_at``; the row stays pending and is looked up again then.
            Transient, Unavailable, AuthFailed, Rejected: the target provably did not act; the row is open again.
            Rejected: also if a person must look: it was sent `ledger.SENDS` times and never seen, got
                no answer and cannot be looked up, or is there twice.
        """
        allowed = sends_allowed(looks_up=effect.find is not None, replays=replays)
        found = await effect.look()
        if found is None:
            with contextlib.suppress(Fenced):  # there is a row: what it says decides
                return await self._send(effect, NEVER_BEGUN)
        action = next_action(await self._ledger.get(effect.key), sends_allowed=allowed)
        if isinstance(action, AlreadyDone):
            return self._done(effect, action.target_id, found)
        if found is None:
            found = await effect.look()  # the look before may have been too early to count
        if found is not None:
            await self._finish(effect, found, action.after_epoch)
            return Made(found, found=True)
        self._check_that_it_may_be_sent(effect, action)
        try:
            return await self._send(effect, action.after_epoch)
        except Fenced:
            raise self._taken_over(effect) from None

    def _check_that_it_may_be_sent(self, effect: CreateOnce, action: LookUp) -> None:
        """What no look-up shows is sent again only if it has settled, can be looked up and was not sent too often."""
        if action.settles_at is not None:
            raise _settles(effect, action.settles_at, self._soon())
        if action.unseen:
            raise _never_seen(effect, action.unseen) if effect.find is not None else _cannot_be_looked_up(effect)

    def _done(self, effect: CreateOnce, target_id: str, found: str | None) -> Made:
        """It was made before; what the target shows now must be that, or somebody made another."""
        if found is not None and not same_target(found, target_id):
            raise Rejected(
                f"{effect.key.operation} for {effect.key.source} was done as {target_id}, but {effect.key.target} "
                f"shows {found} in its place: look at both there, keep one, then discard this event.",
                code="doubled_effect",
            )
        return Made(target_id, found=True)

    async def _send(self, effect: CreateOnce, after_epoch: int) -> Made:
        """Begin in the ledger, send, finish. Raises Fenced if the row has moved on since it was read."""
        before = self._clock.now()
        row = await self._ledger.begin(
            effect.key,
            owner=self._owner,
            after_epoch=after_epoch,
            request_hash=effect.request_hash,
            settle=self._settling.total,
        )
        self._failpoints.reach(Failpoint.PENDING_WRITTEN)
        if self._clock.now() - before > timedelta(seconds=self._settling.fence):
            await self._reopen(effect, row.epoch)
            raise Transient(f"{effect.key.operation} for {effect.key.source} was not sent: this worker had stopped.")
        try:
            target_id = await effect.send()
        except OutcomeUnknown as error:
            raise OutcomeUnknown(error.message, code=error.code, retry_at=self._soon()) from error
        except (Transient, Unavailable, AuthFailed, Rejected):
            await self._reopen(effect, row.epoch)
            raise
        await self._finish(effect, target_id, row.epoch)
        return Made(target_id, found=False)

    async def _reopen(self, effect: CreateOnce, epoch: int) -> None:
        try:
            await self._ledger.reopen(effect.key, epoch=epoch)
        except Fenced:
            raise self._taken_over(effect) from None

    def _taken_over(self, effect: CreateOnce) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"another worker has taken over {effect.key.operation} for {effect.key.source}; its result is read.",
            retry_at=self._soon(),
        )

    async def _finish(self, effect: CreateOnce, target_id: str, epoch: int) -> None:
        if effect.announce is not None:
            await effect.announce(target_id)
        link = effect.link(target_id) if effect.link is not None else None
        await self._ledger.finish(EffectDone(effect.key, epoch, target_id, link=link, applied=effect.applied))
        self._failpoints.reach(Failpoint.DONE_WRITTEN)

    def _soon(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._settling.look_again)


def _settles(effect: CreateOnce, settles_at: datetime, look_at: datetime) -> OutcomeUnknown:
    key = effect.key
    told = f"{key.operation} for {key.source} was sent and got no answer; "
    if effect.find is None:
        told += (
            f"{key.target} cannot be asked for it. Its answer may come until {settles_at:%H:%M:%S} UTC; after that a "
        )
        told += "person must look."
    else:
        told += (
            f"{key.target} does not show it yet. It is looked up until {settles_at:%H:%M:%S} UTC and only then sent "
        )
        told += "again."
    return OutcomeUnknown(told, retry_at=look_at)


def _cannot_be_looked_up(effect: CreateOnce) -> Rejected:
    key = effect.key
    return Rejected(
        f"{key.operation} for {key.source} was sent and got no answer, and {key.target} cannot be asked for it: look "
        f"in {key.target} for {effect.sought}. If it is not there, make it there by hand. Then discard this event; a "
        "replay sends nothing.",
        code="cannot_be_looked_up",
    )


def _never_seen(effect: CreateOnce, sends: int) -> Rejected:
    key = effect.key
    return Rejected(
        f"{key.operation} for {key.source} was sent {sends} times, got no answer, and {key.target} never showed it: "
        f"look in {key.target} for {effect.sought}. Mend what keeps {key.target} from making it, or make it there by "
        "hand, then replay: that looks again, and sends it once more only if it is not there.",
        code="never_seen",
    )

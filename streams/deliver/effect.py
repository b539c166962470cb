"""The one place where create-once effects are sent: look up, begin in the ledger, send once, finish, confirm."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from streams.deliver.create_once import Call, CreateOnce, Ids
from streams.deliver.ledger import AlreadyDone, LookUp, next_action, same_target, sends_allowed
from streams.deliver.operations import Operation
from streams.errors import PROVABLY_NOT_DONE, OutcomeUnknown, Rejected, Transient
from streams.ports import NOWHERE, Clock, EffectKey, EffectState, Failpoint, Failpoints, Fenced, Ledger

NEVER_BEGUN = 0
"""Epoch of an effect without a ledger row. Most are: that is tried first, and a row that is there is read only then."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an effect made in the target.

    Attributes:
        target_id: id there of what its last step made.
        found: True if all of it was there already: made by an earlier try, a replay or by hand.
    """

    target_id: str
    found: bool


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
        """Make it once, or find that it is there. After a failure it goes on at the step that failed.

        Args:
            effect: what to make.
            replays: times that a person let the event try again; each allows one send more than `ledger.SENDS`.

        Raises:
            OutcomeUnknown: with ``retry_at``; the row stays pending and is looked up again then.
            Transient, Unavailable, AuthFailed, DependencyMissing, Rejected: the target provably did not act; the row is
                open again.
            Rejected: also if a person must look: it was sent `ledger.SENDS` times and never seen, got no answer and
                cannot be looked up, or is there twice.
        """
        ids: Ids = ()
        found = True
        for step in effect.steps:
            made = await self._perform(Call(effect, step, ids), replays)
            ids += (made.target_id,)
            found = found and made.found
        return Made(ids[-1], found)

    async def set(self, operation: Operation, what: str, call: Callable[[], Awaitable[object]]) -> None:
        """Set a value in the target. Safe to repeat, so nothing is written down before.

        Args:
            operation: how it is declared.
            what: for who asks what would be done: ``order 42 gets 17``.
            call: sets it.

        Raises:
            OutcomeUnknown, Transient, Unavailable, AuthFailed, Rejected: as the port's method says.
        """
        del operation, what
        await call()

    async def is_unfinished(self, key: EffectKey) -> bool:
        """Whether an effect may have been done and was not finished, or not confirmed: `perform` then does it.

        Args:
            key: of its last step.
        """
        row = await self._ledger.get(key)
        return row is not None and (row.state is EffectState.PENDING or not row.announced)

    async def may_be_made(self, key: EffectKey) -> bool:
        """Whether an effect was sent, and did not provably do nothing.

        Args:
            key: of one of its steps.
        """
        row = await self._ledger.get(key)
        return row is not None and row.state is not EffectState.OPEN

    async def may_show_later(self, key: EffectKey) -> bool:
        """Whether an effect was sent so lately that the target's look-ups and lists may not show it yet.

        Args:
            key: of one of its steps.
        """
        row = await self._ledger.get(key)
        return row is not None and row.state is not EffectState.OPEN and not row.settled

    async def made(self, key: EffectKey, look: Callable[[], Awaitable[str | None]] | None = None) -> str | None:
        """The id in the target of what another effect made, which its ledger row tells before the target's lists do.

        Args:
            key: of one of its steps.
            look: reads the target for it, where nobody knows and the effect's own event may be outdated by then.

        Returns:
            None if it was never sent, provably did nothing, or has settled and is not there.

        Raises:
            Transient: it may have been made, and nobody knows yet.
        """
        row = await self._ledger.get(key)
        if row is None or row.state is EffectState.OPEN:
            return None
        if row.state is EffectState.DONE:
            return row.target_id
        found = None if look is None else await look()
        if found is None and (look is None or not row.settled):
            raise Transient(f"{key} may have been done, and what came of it is looked up first.", code="not_known_yet")
        return found

    async def _perform(self, call: Call, replays: int) -> Made:
        found = await call.look()
        if found is None:
            with contextlib.suppress(Fenced):  # there is a row: what it says decides
                return await self._send(call, NEVER_BEGUN)
        allowed = sends_allowed(looks_up=call.looks_up, replays=replays)
        action = next_action(await self._ledger.get(call.key), sends_allowed=allowed)
        if isinstance(action, AlreadyDone):
            return await self._made_before(call, action, found)
        if found is None:
            found = await call.look()  # the look before may have been too early to count
        if found is not None:
            await self._finish(call, found, action.after_epoch)
            return Made(found, found=True)
        self._check_that_it_may_be_sent(call, action)
        try:
            return await self._send(call, action.after_epoch)
        except Fenced:
            raise self._taken_over(call) from None

    async def _made_before(self, call: Call, action: AlreadyDone, found: str | None) -> Made:
        """What the target shows now must be what was made before, or somebody made another."""
        if found is not None and not same_target(found, action.target_id):
            raise _doubled(call, action.target_id, found)
        target_id = action.target_id or found or ""
        if call.announce is not None and not action.announced:
            if call.looks_up and found is None:
                raise Transient(
                    f"{_what(call)} was done as {target_id}, and is confirmed as soon as {call.key.target} shows it. "
                    "If it was deleted or renumbered there, discard this event: then its number is told to nobody."
                )
            await self._announce(call, target_id)
        return Made(target_id, found=True)

    def _check_that_it_may_be_sent(self, call: Call, action: LookUp) -> None:
        """What no look-up shows is sent again only if it has settled, can be looked up and was not sent too often."""
        if action.settles_at is not None:
            raise _settles(call, action.settles_at, self._soon())
        if action.unseen:
            raise _never_seen(call, action.unseen) if call.looks_up else _cannot_be_looked_up(call)

    async def _send(self, call: Call, after_epoch: int) -> Made:
        """Begin in the ledger, send, finish. Raises Fenced if the row has moved on since it was read."""
        before = self._clock.now()
        row = await self._ledger.begin(
            call.key,
            owner=self._owner,
            after_epoch=after_epoch,
            request_hash=call.step.request_hash,
            settle=self._settling.total,
        )
        self._failpoints.reach(Failpoint.PENDING_WRITTEN)
        if self._clock.now() - before > timedelta(seconds=self._settling.fence):
            await self._reopen(call, row.epoch)
            raise Transient(f"{_what(call)} was not sent: this worker had stopped.")
        try:
            target_id = await self._make(call)
        except OutcomeUnknown as error:
            raise OutcomeUnknown(error.message, code=error.code, retry_at=self._soon()) from error
        except PROVABLY_NOT_DONE:
            await self._reopen(call, row.epoch)
            raise
        await self._finish(call, target_id, row.epoch)
        return Made(target_id, found=False)

    async def _make(self, call: Call) -> str:
        """The one place where a create-once is sent; a dry run tells it instead."""
        return await call.send()

    async def _reopen(self, call: Call, epoch: int) -> None:
        try:
            await self._ledger.reopen(call.key, epoch=epoch)
        except Fenced:
            raise self._taken_over(call) from None

    def _taken_over(self, call: Call) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"another worker has taken over {_what(call)}; its result is read.", retry_at=self._soon()
        )

    async def _finish(self, call: Call, target_id: str, epoch: int) -> None:
        """Say that it is done, then confirm it: what the ledger refuses, because another was made, is not confirmed."""
        await self._ledger.finish(call.done(target_id, epoch))
        self._failpoints.reach(Failpoint.DONE_WRITTEN)
        await self._announce(call, target_id)

    async def _announce(self, call: Call, target_id: str) -> None:
        if call.announce is not None:
            await call.announce((*call.before, target_id))
            self._ledger.note_announced(call.key)

    def _soon(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._settling.look_again)


def _what(call: Call) -> str:
    return f"{call.step.sought} ({call.step.operation.name} in {call.key.target})"


def _settles(call: Call, settles_at: datetime, look_at: datetime) -> OutcomeUnknown:
    target, until = call.key.target, f"until {settles_at:%H:%M:%S} UTC"
    if call.looks_up:
        told = f"{target} does not show it yet. It is looked up {until} and only then sent again."
    else:
        told = f"{target} cannot be asked for it. If its answer does not come {until}, a person must look."
    return OutcomeUnknown(f"{_what(call)} was sent and got no answer; {told}", retry_at=look_at)


def _never_seen(call: Call, sends: int) -> Rejected:
    target = call.key.target
    return Rejected(
        f"{_what(call)} may have been sent {sends} times, got no answer, and {target} never showed it: look in "
        f"{target} for {call.step.sought}. Mend what keeps {target} from making it, or make it there by hand, then "
        "replay: that looks again, and sends it once more only if it is not there.",
        code="never_seen",
    )


def _cannot_be_looked_up(call: Call) -> Rejected:
    target = call.key.target
    return Rejected(
        f"{_what(call)} was sent and got no answer, and {target} cannot be asked for it: look in {target} for "
        f"{call.step.sought}. If it is not there, make it there by hand. Then discard this event; a replay sends "
        "nothing.",
        code="cannot_be_looked_up",
    )


def _doubled(call: Call, target_id: str, found: str) -> Rejected:
    target = call.key.target
    return Rejected(
        f"{_what(call)} was done as {target_id}, but {target} shows {found} in its place: look at both there, keep "
        "one, then discard this event.",
        code="doubled_effect",
    )

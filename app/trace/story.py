"""The story of what was asked for: receipts, what each stage did, what is held, and how to mend it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.store import HeldEvent
from app.trace.names import modules_of
from schemas.documents.channel import Channel
from schemas.envelope import root_of
from schemas.ids import MissingLink
from streams.customer.links import CUSTOMER
from streams.deliver.alias import alias_command
from streams.deliver.customer_meeting import link_command
from streams.errors import GUARD
from streams.ports import HoldReason, JournalEntry


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a receipt's story, with the paths that handle it."""

    entry: JournalEntry
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One held event.

    Attributes:
        event: the row.
        why: what it waits for, in words.
        mend: the command that lets it go on; empty where it goes on by itself.
        give_up: the command that ends it without an effect; only where a person has to decide.
        modules: paths that handle it.
    """

    event: HeldEvent
    why: str
    mend: str
    give_up: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptStory:
    """What became of one receipt and of the events that it caused."""

    receipt_id: str
    ended: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about an order, a SKU or a receipt."""

    receipts: tuple[ReceiptStory, ...]
    waiting: tuple[Waiting, ...]


def tell(
    entries: Sequence[JournalEntry],
    held: Sequence[HeldEvent],
    systems: Mapping[str, str],
    channels: Sequence[Channel] = (),
) -> Story:
    """Tell it.

    Args:
        entries: journal lines, oldest first.
        held: held events.
        systems: connection -> system, to find the connector of a target.
        channels: to name the one that an alias is for.
    """
    by_root: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        by_root.setdefault(root_of(entry.receipt_id), []).append(entry)
    held_roots = {event.held.hold.receipt_id: event for event in held}
    receipts = tuple(
        ReceiptStory(root, _ended(root, lines, held_roots), tuple(_step(line, systems) for line in lines))
        for root, lines in by_root.items()
    )
    return Story(receipts, tuple(waiting(event, systems, channels) for event in held))


def _step(entry: JournalEntry, systems: Mapping[str, str]) -> Step:
    modules = modules_of(entry.stage, entry.flow, entry.step, systems.get(entry.target, ""))
    return Step(entry, tuple(modules))


def _ended(root: str, lines: Sequence[JournalEntry], held: Mapping[str, HeldEvent]) -> str:
    final = next((line.outcome.value for line in lines if line.receipt_id == root and line.outcome.ends), "")
    if final:
        return final
    if root in held:
        return "in review" if held[root].held.hold.reason is HoldReason.PERSON else "parked"
    return "under way"


def _alias(missing: MissingLink, channels: Sequence[Channel]) -> str:
    ref, pos = missing.ref, missing.connection
    names = [channel.name for channel in channels if (channel.web, channel.pos) == (ref.connection, pos)]
    return alias_command(ref.native_id, pos, names[0] if names else "", replace=bool(missing.unlike))


def _link(missing: MissingLink, channels: Sequence[Channel]) -> str:
    """The command that says who a customer is; what is not known here is left to fill in."""
    ref, other = missing.ref, missing.connection
    named = [channel for channel in channels if {channel.web, channel.pos} == {ref.connection, other}]
    website = ref.type.partition("@")[2]
    of_website = [channel.name for channel in named if website in ("", str(channel.website_id))]
    channel = of_website[0] if len(of_website) == 1 else "'<channel of its website>'"
    account, profile = ("'<account>'", ref.native_id) if website else (ref.native_id, "'<profile>'")
    return link_command(account, profile, channel)


def waiting(event: HeldEvent, systems: Mapping[str, str], channels: Sequence[Channel] = ()) -> Waiting:
    """What a held event waits for, and how to mend it; ``systems`` and ``channels`` as in `tell`."""
    hold = event.held.hold
    modules = modules_of(hold.stage, hold.flow, hold.step, systems.get(hold.target, ""))
    give_up = ""
    if event.held.given_up:
        why, mend = f"is {event.held.given_up}; it is discarded as soon as a worker of {event.group} comes to it", ""
    elif hold.reason is HoldReason.PERSON:
        why, give_up = "waits for a person", f"tillstream discard {hold.receipt_id} --reason 'WHY'"
        if hold.waits_for is not None and hold.waits_for.ref.type == "sku":
            mend = _alias(hold.waits_for, channels)
        elif hold.waits_for is not None and hold.waits_for.ref.type.startswith(CUSTOMER):
            mend = _link(hold.waits_for, channels)
        elif hold.letter is not None and hold.letter.code == GUARD:
            mend = "tillstream guards list"
        else:
            mend = f"tillstream replay {hold.receipt_id}"
    elif hold.reason is HoldReason.LINK and hold.waits_for is not None:
        why, mend = f"waits for the link of {hold.waits_for.ref}", ""
    elif hold.error:
        why, mend = f"is tried again at {hold.due_at:%H:%M:%S} UTC, after {hold.attempts} tries", ""
    else:
        why, mend = hold.message, ""
    return Waiting(event, why, mend, give_up, tuple(modules))

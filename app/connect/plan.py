"""Which receivers of webhooks to register and which to take away. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.connect.done import Did
from app.store.registrations import Registration
from schemas.heartland import Webhook

EXTERNAL_ID = "tillstream"
"""By which a person in Heartland knows our receivers."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "order": ("order.created", "order.updated"),
    "payment": ("payment.succeeded",),
    "inventory": ("inventory.updated",),
}
"""Heartland's events by the entity of our raw events (schemas/heartland/openapi.yaml, EventName). ``shipment.created``
is left out: each one is an ``order.updated`` too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The receiver that there should be.

    Attributes:
        url: the door's, with ``{entity}`` in it.
        events: what it is told, sorted; no more than a flow takes.
    """

    url: str
    events: tuple[str, ...]

    @classmethod
    def of(cls, public_url: str, connection: str, sources: Collection[tuple[str, str]]) -> Wanted:
        """What a Heartland connection should tell the door at ``public_url``, by system and entity of the flows."""
        taken = {entity for system, entity in sources if system == "heartland"}
        events = {event for entity, names in EVENTS.items() if entity in taken for event in names}
        return cls(f"{public_url.rstrip('/')}/webhooks/{connection}/{{entity}}", tuple(sorted(events)))


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of the receiver that we had registered.

    Attributes:
        registration: None if we never did.
        readable: whether its secret can be read: not, if the connection's client secret is another by now.
        by_hand: the settings have secrets, so that a person may have registered it and told us its secret.
    """

    registration: Registration | None
    readable: bool
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do.

    Attributes:
        did: KEPT, CREATED or REPLACED, once it is done.
        why: what was found.
        remove: the receiver that the door no longer is; None if there is none.
    """

    did: Did
    why: str
    remove: Webhook | None = None


def plan(wanted: Wanted, found: Sequence[Webhook], known: Known) -> Plan:
    """What makes the receivers that were found what they should be. Receivers of others are never touched.

    Args:
        wanted: what there should be.
        found: every receiver of the account.
        known: what we know of ours.
    """
    there = next((one for one in found if one.url == wanted.url), None)
    if there is None:
        return Plan(Did.CREATED, "there was none", _old(wanted, found, known))
    wrong = _wrong(wanted, there, known)
    return Plan(Did.REPLACED if wrong else Did.KEPT, wrong or "it is as it should be", _old(wanted, found, known))


def _wrong(wanted: Wanted, there: Webhook, known: Known) -> str:
    """What is wrong with the receiver; empty if nothing is."""
    if tuple(sorted(there.events)) != wanted.events:
        return f"it was told {_listed(there.events)} instead of {_listed(wanted.events)}"
    ours = known.registration
    if ours is None:
        return "" if known.by_hand else "its secret was not known here"
    if not ours.complete:
        return "the last registration had no end, so that its secret was not known"
    if (there.webhook_id, there.updated_at) != (ours.webhook_id, ours.version):
        return f"somebody else had changed it at {there.updated_at}, perhaps with another secret"
    return "" if known.readable else "its secret could not be read: the client secret was replaced since"


def _old(wanted: Wanted, found: Sequence[Webhook], known: Known) -> Webhook | None:
    """The receiver that we had registered for another address of the door."""
    ours = known.registration
    if ours is None or not ours.webhook_id or ours.url == wanted.url:
        return None
    return next((one for one in found if (one.webhook_id, one.url) == (ours.webhook_id, ours.url)), None)


def _listed(events: Collection[str]) -> str:
    return ", ".join(sorted(events)) or "nothing"

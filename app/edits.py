"""What a person may put in place of a held event's body: the same thing of the same place, without card data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from app.ingress.cards import card_data
from schemas.canonical import NewerVersion, read_canonical
from schemas.documents.flow import Normalize
from schemas.envelope import Envelope, EnvelopeError
from streams.engine.load import Catalog
from streams.errors import Rejected
from streams.normalize.body import text_of, unwrapped
from streams.ports import Record
from streams.topics import CANONICAL_SALE, CANONICAL_STOCK, HINT_STOCK

_IDENTITY: Mapping[tuple[str, str], tuple[str, ...]] = {
    (CANONICAL_SALE, "gift_card_redemption"): ("ref", "sale", "channel", "card"),
    (CANONICAL_SALE, "order"): ("ref", "channel", "public_id"),
    (CANONICAL_SALE, "order_status"): ("ref", "sale", "status"),
    (CANONICAL_SALE, "payment"): ("ref", "sale", "channel", "kind"),
    (CANONICAL_SALE, "refund"): ("ref", "sale", "channel"),
    (CANONICAL_SALE, "shipment"): ("ref", "sale", "channel"),
    (CANONICAL_SALE, "ticket"): ("ref", "channel"),
    (CANONICAL_STOCK, "stock"): ("ref", "sku"),
    (HINT_STOCK, "stock_hint"): ("sku",),
}
"""By topic and entity: the keys of a body that say what it is about and where it goes. By them the effect ledger knows
it, and the target is asked whether it has it already."""


def check(record: Record, body: bytes, catalog: Catalog) -> None:
    """Refuse a body that cannot be the record's, or would be a second effect.

    Args:
        record: the held record, as it came.
        body: what shall be processed in its place.
        catalog: the flow documents, which name a raw body's keys.

    Raises:
        Rejected: not a JSON object, card data, another id, channel or connection, or not of the topic's shape.
    """
    edited = _object(body)
    if edited is None:
        raise Rejected("the edited body is not a JSON object: write the whole body, as `show` prints it", code="edit")
    carried = card_data(edited)
    if carried is not None:
        raise Rejected(f"the edited body carries card data at {carried}: take it out", code="edit")
    try:
        envelope = Envelope.from_headers(record.headers)
    except EnvelopeError as error:
        raise Rejected(
            f"the record has no envelope ({error}), so no body helps it: discard it, and send the event through the "
            "webhook address",
            code="edit",
        ) from error
    original = _object(record.value) or {}
    if record.topic.startswith("raw."):
        _check_raw(envelope, original, edited, catalog)
    else:
        _check_canonical(record.topic, envelope, original, edited)


def _check_raw(envelope: Envelope, original: dict[str, Any], edited: dict[str, Any], catalog: Catalog) -> None:
    takers = catalog.taking(envelope.system, envelope.entity)
    if not takers:
        raise Rejected(f"no flow takes {envelope.system} events about '{envelope.entity}'", code="edit")
    keys = takers[0].keys
    before, after = unwrapped(original, keys), unwrapped(edited, keys)
    named = [key for taker in takers for key in _identity(taker.keys)]
    _same(before, after, dict.fromkeys(key for key in named if key))
    told = text_of(after, keys.id)
    if envelope.native_id and told and told != envelope.native_id:
        raise Rejected(_other(keys.id, envelope.native_id, told), code="edit")


def _identity(keys: Normalize) -> tuple[str | None, ...]:
    """The keys of a raw body by which deliver knows what it is about."""
    return keys.id, keys.store, keys.location, keys.external_id, keys.parent, keys.number


def _check_canonical(topic: str, envelope: Envelope, original: dict[str, Any], edited: dict[str, Any]) -> None:
    identity = _IDENTITY.get((topic, envelope.entity))
    if identity is None:
        raise Rejected(f"nothing is known of '{envelope.entity}' in {topic}: it cannot be edited", code="edit")
    _same(original, edited, identity)
    try:
        read_canonical(envelope.entity, orjson.dumps(edited))
    except NewerVersion as error:
        raise Rejected(f"the edited body does not fit {topic}: {error}", code="edit") from error
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the body"
        raise Rejected(f"the edited body does not fit {topic}: {place}: {problem['msg']}", code="edit") from error


def _same(before: Mapping[str, Any], after: Mapping[str, Any], keys: Iterable[str]) -> None:
    for key in keys:
        was, is_now = before.get(key), after.get(key)
        if was is not None and str(was) != str(is_now):
            raise Rejected(_other(key, was, is_now), code="edit")


def _other(key: str, was: object, is_now: object) -> str:
    return (
        f"an edit must not change '{key}' ('{was}' became '{is_now}'): the ledger knows the event by it, and another "
        "one could be a second effect. Put it back, or discard this event and change the order where it was made"
    )


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None

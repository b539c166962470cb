"""An agreement as JSON, and back: what a store keeps of it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from schemas.canonical import Consent, CustomerAddress
from streams.customer.agreement import Agreement
from streams.customer.echo import Field, Mirror, Side, Value
from streams.customer.flips import Turn


def to_json(agreement: Agreement) -> bytes:
    """Everything that an agreement knows."""
    return orjson.dumps(
        {
            "web": _mirror(agreement.web),
            "pos": _mirror(agreement.pos),
            "turns": [[turn.at.isoformat(), turn.name, turn.by, turn.taken_back] for turn in agreement.turns],
        },
        option=orjson.OPT_SORT_KEYS,
    )


def from_json(content: bytes) -> Agreement:
    """What `to_json` was given."""
    document = orjson.loads(content)
    turns = tuple(
        Turn(datetime.fromisoformat(at), name, Side(by), taken_back) for at, name, by, taken_back in document["turns"]
    )
    return Agreement(_mirror_of(document["web"]), _mirror_of(document["pos"]), turns)


def _mirror(mirror: Mirror) -> dict[str, Any]:
    return {
        "intended": {name: _field(content) for name, content in mirror.intended.items()},
        "read_back": {name: _field(content) for name, content in mirror.read_back.items()},
        "at": mirror.at.isoformat() if mirror.at is not None else None,
        "pending": sorted(mirror.pending),
        "sent": {name: _field(content) for name, content in mirror.sent.items() if content},
        "open": {name: until.isoformat() for name, until in mirror.open.items()},
    }


def _mirror_of(document: Mapping[str, Any]) -> Mirror:
    return Mirror(
        intended={name: _field_of(content) for name, content in document["intended"].items()},
        read_back={name: _field_of(content) for name, content in document["read_back"].items()},
        at=datetime.fromisoformat(document["at"]) if document["at"] is not None else None,
        pending=frozenset(document["pending"]),
        sent={name: frozenset(map(_value_of, content)) for name, content in document.get("sent", {}).items()},
        open={name: datetime.fromisoformat(until) for name, until in document.get("open", {}).items()},
    )


def _field(content: Field) -> Any:
    """A value as an object, a set as a list in an order of its own, so that equal agreements are equal bytes."""
    if isinstance(content, Value):
        return _value(content)
    return sorted((_value(one) for one in content), key=lambda one: orjson.dumps(one["key"]))


def _field_of(document: Any) -> Field:
    return frozenset(_value_of(one) for one in document) if isinstance(document, list) else _value_of(document)


def _value(value: Value) -> dict[str, Any]:
    return {"key": _plain(value.key), "shown": _plain(value.shown), "by": value.by}


def _value_of(document: Mapping[str, Any]) -> Value:
    by = Side(document["by"]) if document["by"] is not None else None
    key: Hashable = _content_of(document["key"])
    return Value(key, _content_of(document["shown"]), by)


def _plain(content: object) -> Any:
    match content:
        case None | bool() | int() | str():
            return content
        case Decimal():
            return {"decimal": str(content)}
        case tuple():
            return [_plain(one) for one in content]
        case CustomerAddress():
            return {"address": content.model_dump(mode="json", exclude_defaults=True)}
        case Consent():
            return {"consent": content.model_dump(mode="json")}
        case _:
            raise TypeError(f"a field of a customer holds {type(content).__name__}, which is not kept")


def _content_of(document: Any) -> Any:
    match document:
        case {"decimal": text}:
            return Decimal(text)
        case {"address": address}:
            return CustomerAddress.model_validate(address, strict=False)
        case {"consent": consent}:
            return Consent.model_validate(consent, strict=False)
        case list():
            return tuple(_content_of(one) for one in document)
        case _:
            return document

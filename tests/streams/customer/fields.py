"""Customers in few words, as two sides tell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.canonical import Consent, ConsentChannel, CustomerAddress
from streams.customer.echo import Projection, Side, Telling, Value

START = datetime(2026, 11, 24, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def value(text: object, by: Side | None = None) -> Value:
    """A value that means what it says, but for case."""
    return Value(text.casefold() if isinstance(text, str) else text, text, by)


def entries(*names: str) -> frozenset[Value]:
    return frozenset(value(name) for name in names)


def consent(given: bool | None, side: Side, seconds: int = 0, source: str = "") -> Value:
    if given is None:
        return Value(None, None)
    said = Consent(channel=ConsentChannel.EMAIL, given=given, source=source or f"{side}:newsletter", at=at(seconds))
    return Value(given, said, side)


def told(seconds: int, *, fresh: bool = False, **fields: object) -> Telling:
    """A telling; ``consent`` stands for ``consent.email``, a tuple for a set."""
    projection: Projection = {
        {"consent": "consent.email"}.get(name, name): _content(content) for name, content in fields.items()
    }
    return Telling(projection, at(seconds), fresh=fresh)


def _content(content: object) -> Value | frozenset[Value]:
    if isinstance(content, Value):
        return content
    return entries(*content) if isinstance(content, tuple) else value(content)


def address(city: str, *, native_id: str = "", billing: bool = False, shipping: bool = False) -> CustomerAddress:
    return CustomerAddress(
        first_name="Ann",
        last_name="Webb",
        lines=("12 Oak St",),
        city=city,
        region="TX",
        postcode="78701",
        country="US",
        native_id=native_id,
        default_billing=billing,
        default_shipping=shipping,
    )

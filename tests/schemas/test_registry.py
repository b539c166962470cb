"""Bodies of every version are read; newer ones are told apart from wrong ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import orjson
import pytest
from pydantic import AwareDatetime, ValidationError

from schemas.canonical import (
    MODELS,
    Canonical,
    Money,
    NewerVersion,
    Registry,
    Stock,
    UnknownEntity,
    read_canonical,
)
from tests.schemas.golden import golden


class Rate(Canonical):
    """Its third version. The first had ``price`` in cents; the second had no currency yet."""

    schema_version: Literal[3] = 3
    amount: Money
    currency: str
    updated_at: AwareDatetime


def to_units(document: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in document.items() if key != "price"}
    return {**rest, "amount": str(Decimal(document["price"]) / 100)}


def in_dollars(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "currency": "USD"}


RATES = Registry({"rate": Rate}, {("rate", 1): to_units, ("rate", 2): in_dollars})
AT = "2026-11-23T22:11:18Z"


def body(**values: Any) -> bytes:
    return orjson.dumps({"updated_at": AT, **values})


@pytest.mark.parametrize(
    "written",
    [
        body(schema_version=1, price=1999),
        body(schema_version=2, amount="19.99"),
        body(schema_version=2, amount=19.99),
        body(schema_version=3, amount="19.99", currency="USD"),
        body(amount="19.99", currency="USD"),
    ],
)
def test_every_version_becomes_the_newest(written: bytes) -> None:
    read = RATES.read("rate", written)
    assert read == Rate(amount=Decimal("19.99"), currency="USD", updated_at=AT)
    assert orjson.loads(read.model_dump_json())["schema_version"] == 3


def test_what_an_old_version_cannot_be_is_refused_after_its_upcast() -> None:
    with pytest.raises(ValidationError, match="amount"):
        RATES.read("rate", body(schema_version=2, amount="much"))


def test_a_newer_version_is_none_of_the_wrong_ones() -> None:
    with pytest.raises(NewerVersion, match="its rate has version 4, this worker reads up to 3") as caught:
        RATES.read("rate", body(schema_version=4, amount="19.99", currency="USD", rounding="up"))
    assert not isinstance(caught.value, ValueError), "nothing that takes it for a wrong body may catch it"


@pytest.mark.parametrize("entity", sorted(MODELS))
def test_every_entity_tells_a_newer_version_of_itself(entity: str) -> None:
    with pytest.raises(NewerVersion, match=f"its {entity} has version 99"):
        read_canonical(entity, b'{"schema_version": 99, "whatever": true}')


@pytest.mark.parametrize(
    "written",
    [b"", b"\xff", b"{", b"[]", b"null", b'"x"', b"{}", *(body(schema_version=v) for v in (3, 0, -1, "4", 4.0, True))],
)
def test_what_is_no_body_of_any_version_is_wrong_and_not_newer(written: bytes) -> None:
    with pytest.raises(ValidationError):
        RATES.read("rate", written)


def test_an_unknown_entity_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownEntity, match=r"no canonical entity is called 'poem' \(known: customer, gift_card, "):
        read_canonical("poem", b"{}")


@pytest.mark.parametrize(
    ("upcasters", "named"),
    [
        ({("rate", 1): to_units}, "rate 2"),
        ({("rate", 1): to_units, ("rate", 2): in_dollars, ("rate", 3): in_dollars}, "rate 3"),
        ({("rate", 1): to_units, ("rate", 2): in_dollars, ("poem", 1): in_dollars}, "poem 1"),
    ],
)
def test_a_chain_with_a_gap_or_an_end_that_leads_nowhere_is_refused(upcasters: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"needs one upcaster, and nothing else has one: {named}"):
        Registry({"rate": Rate}, upcasters)


def test_the_entity_in_the_header_decides() -> None:
    assert isinstance(read_canonical("stock", orjson.dumps(golden("stock", "nowhere"))), Stock)
    with pytest.raises(ValidationError, match="OrderStatus"):
        read_canonical("order_status", orjson.dumps(golden("stock", "nowhere")))

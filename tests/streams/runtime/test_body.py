"""The entity in a record's body, of whatever version; what is none is told with its place."""

from __future__ import annotations

import orjson
import pytest

from schemas.canonical import NewerVersion, Stock
from streams.errors import Malformed
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival
from tests.schemas.golden import golden
from tests.twins.kafka import envelope, record


def arrival(body: bytes, entity: str) -> Arrival:
    headers = envelope("r1", entity=entity, subject="MUG-BLUE")
    return Arrival(record(body, headers), headers)


STOCK = golden("stock", "two_locations")


def test_the_header_says_what_the_body_is() -> None:
    assert entity_of(arrival(orjson.dumps(STOCK), "stock"), Stock).sku == "MUG-BLUE"


def test_a_body_of_a_newer_version_is_not_malformed() -> None:
    with pytest.raises(NewerVersion, match="its stock has version 9, this worker reads up to 3"):
        entity_of(arrival(orjson.dumps(STOCK | {"schema_version": 9, "unit": "piece"}), "stock"), Stock)


def test_what_is_none_is_malformed_and_told_with_its_place() -> None:
    with pytest.raises(Malformed, match=r"the event of 'MUG-BLUE' at t 0@\d+ is no Stock: locations: Input should be"):
        entity_of(arrival(orjson.dumps(STOCK | {"locations": "all"}), "stock"), Stock)


@pytest.mark.parametrize("entity", ["stock_hint", "poem"])
def test_another_entity_than_the_stage_takes_is_malformed(entity: str) -> None:
    with pytest.raises(Malformed, match=f"is no Stock: its header says that it is a '{entity}'"):
        entity_of(arrival(orjson.dumps(STOCK), entity), Stock)

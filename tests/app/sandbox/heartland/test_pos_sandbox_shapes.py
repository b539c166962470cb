"""What the readers of schemas refuse to be made of: a keyword that nobody checks must not look checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.heartland.shapes import Problems, ShapeError, Shapes
from app.sandbox.heartland.values import cents, decimal, dump, load, read_moment, text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "contentEncoding": "base64"},
        {"type": "number", "multipleOf": 2, "x-decimals": 2},
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}]},
        {"type": "object", "properties": {}},
    ],
)
def test_a_schema_that_is_not_understood_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(ShapeError):
        Shapes({}).reader(schema)


def test_a_pattern_ends_at_the_very_end() -> None:
    problems: Problems = {}
    Shapes({}).reader({"type": "string", "pattern": "^[0-9]+$"})("12\n", "ID", problems)
    assert problems == {"ID": "has the wrong form"}


@given(st.decimals(min_value=0, max_value=10**8, places=4))
def test_a_number_is_read_as_it_was_written(number: Decimal) -> None:
    problems: Problems = {}
    sent = load(dump({"n": number}))["n"]
    assert Shapes({}).reader({"type": "number", "x-decimals": 4})(sent, "n", problems) == number
    assert not problems
    assert Decimal(text(number)) == decimal(sent) == number


def test_half_a_cent_goes_up() -> None:
    assert [cents(Decimal(value)) for value in ("0.005", "0.015", "0.0149")] == [
        Decimal("0.01"),
        Decimal("0.02"),
        Decimal("0.01"),
    ]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-08-31T12:00:00Z", "2026-08-31T12:00:00.000000Z"),
        ("2026-08-31T12:00:00.123456789+02:00", "2026-08-31T10:00:00.123456Z"),
    ],
)
def test_a_moment_becomes_utc_with_microseconds(sent: str, kept: str) -> None:
    assert read_moment(sent) == kept


@pytest.mark.parametrize("sent", ["2026-08-31", "2026-08-31T12:00:00", "2026-02-30T12:00:00Z", "2026-08-31T25:00:00Z"])
def test_what_is_no_moment_is_refused(sent: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_moment(sent)

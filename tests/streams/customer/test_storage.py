"""An agreement survives being kept, whatever its fields hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customer.agreement import Agreement
from streams.customer.echo import Field, Mirror, Side, Value
from streams.customer.flips import Turn
from streams.customer.storage import from_json, to_json
from tests.streams.customer.fields import address, at, consent

SIDES = st.none() | st.sampled_from(Side)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.decimals(allow_nan=False)
KEYS = PLAIN | st.lists(st.text(), max_size=3).map(tuple)
SHOWN = PLAIN | st.text(max_size=5).map(address) | st.booleans().map(lambda given: consent(given, Side.WEB).shown)
VALUES = st.builds(Value, KEYS, SHOWN, SIDES)
FIELDS: st.SearchStrategy[Field] = VALUES | st.frozensets(VALUES, max_size=3)
PROJECTIONS = st.dictionaries(st.text(max_size=5), FIELDS, max_size=3)
TIMES = st.integers(0, 10**6).map(at)
NAMES = st.text(max_size=5)
MIRRORS = st.builds(
    Mirror,
    intended=PROJECTIONS,
    read_back=PROJECTIONS,
    at=st.none() | TIMES,
    pending=st.frozensets(NAMES, max_size=2),
    sent=st.dictionaries(NAMES, st.frozensets(VALUES, min_size=1, max_size=1), max_size=1),
    open=st.dictionaries(NAMES, TIMES, max_size=1),
)
TURNS = st.lists(st.builds(Turn, TIMES, st.text(), st.sampled_from(Side), st.booleans()), max_size=2).map(tuple)


def shown(agreement: Agreement) -> list[object]:
    """What equality leaves out: how each value is written, and who said it."""
    fields = [
        content
        for mirror in (agreement.web, agreement.pos)
        for told in (mirror.intended, mirror.read_back)
        for _, content in sorted(told.items())
    ]
    return [
        (one.shown, one.by)
        for content in fields
        for one in (sorted(content, key=lambda value: repr(value.key)) if isinstance(content, frozenset) else [content])
    ]


@given(st.builds(Agreement, MIRRORS, MIRRORS, TURNS))
def test_what_is_kept_comes_back_whole(agreement: Agreement) -> None:
    found = from_json(to_json(agreement))
    assert found == agreement
    assert shown(found) == shown(agreement)


def test_what_would_not_come_back_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        to_json(Agreement(web=Mirror(intended={"points": Value(1.5, Decimal("1.5"))})))

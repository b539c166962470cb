"""Where groups go on after an older store came back."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.offsets.kept import Kept
from app.offsets.plan import Place
from app.offsets.restored import CUSTOMERS, way_back
from streams.topics import CANONICAL_CUSTOMER, CANONICAL_SALE, CANONICAL_STOCK

offsets = st.integers(0, 20)


@given(first=offsets, committed=st.none() | offsets, done=st.none() | offsets)
def test_a_group_never_goes_on_behind_what_the_store_has_seen_nor_ahead_of_where_it_is(
    first: int, committed: int | None, done: int | None
) -> None:
    place = Place("t", 0, committed, first, end=20)
    way = way_back("g", [place], {} if done is None else {("t", 0): done})
    goes_on = way.offsets.get(("t", 0), committed)
    if committed is None:
        assert not way.offsets
    else:
        assert goes_on == min(committed, done or 0)
    assert way.records == sum(max(committed or 0, first) - max(offset, first) for offset in way.offsets.values())
    assert bool(way.gone) == any(offset < first for offset in way.offsets.values())


def test_old_quantities_and_old_tellings_of_customers_are_not_taken_for_news() -> None:
    topics = (CANONICAL_SALE, CANONICAL_STOCK, CANONICAL_CUSTOMER, *CUSTOMERS)
    places = [Place(topic, 0, 9, 0, 9) for topic in topics]
    assert list(way_back("g", places, {}).offsets) == [(CANONICAL_SALE, 0)]


def test_what_is_kept_reads_as_it_was_written() -> None:
    kept = Kept(datetime(2026, 11, 1, 3, tzinfo=UTC), {"g": {("t", 0): 4, ("t", 11): 5}, "never": {}})
    assert Kept.read(kept.written()) == kept

"""What would mend a group that cannot go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.offsets.plan import MARGIN, Beginning, Place, beginnings, feeds_of, repair_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SYSTEMS = {"web": "magento", "outlet": "magento", "pos": "heartland"}
SOURCES = {("magento", "order"), ("heartland", "order"), ("heartland", "inventory")}


def place(partition: int, committed: int | None, first: int, end: int = 100, done_at: datetime | None = NOON) -> Place:
    return Place("raw.magento.order", partition, committed, first, end, done_at)


PLACES = st.lists(
    st.builds(
        lambda partition, committed, first, more: place(partition, committed, first, first + more),
        st.integers(0, 11),
        st.none() | st.integers(0, 60),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    unique_by=lambda found: found.partition,
)


@given(places=PLACES)
def test_after_the_repair_the_group_can_go_on_everywhere_and_nothing_else_is_moved(places: list[Place]) -> None:
    offsets = repair_of(places, SYSTEMS, SOURCES).offsets
    for found in places:
        after = offsets.get(found.key, found.committed)
        assert Place(*found.key, after, found.first, found.end).gap is None
        assert found.gap is not None or after == found.committed


@given(places=PLACES, at=st.sampled_from(Beginning))
def test_a_group_that_begins_leaves_the_offsets_that_it_has(places: list[Place], at: Beginning) -> None:
    offsets = beginnings(places, at)
    assert offsets.keys() == {found.key for found in places if found.committed is None}
    for found in places:
        if found.key in offsets:
            assert offsets[found.key] == (found.first if at is Beginning.EARLIEST else found.end)


def test_the_systems_are_read_again_from_well_before_the_earliest_loss() -> None:
    later = NOON + timedelta(hours=5)
    plan = repair_of([place(0, 2, 4, done_at=later), place(1, 2, 4), place(2, 4, 4, done_at=None)], SYSTEMS, SOURCES)
    assert plan.since == NOON - MARGIN


@pytest.mark.parametrize("unknown", [place(1, 2, 4, done_at=None), place(1, None, 4, done_at=None)])
def test_a_loss_of_unknown_time_leaves_it_to_a_person_from_when_on(unknown: Place) -> None:
    assert repair_of([place(0, 2, 4), unknown], SYSTEMS, SOURCES).since is None
    assert repair_of([place(0, 2, 4), unknown], SYSTEMS, SOURCES, since=NOON).since == NOON


def test_a_raw_topic_comes_from_its_own_feeds() -> None:
    assert feeds_of({"raw.magento.order"}, SYSTEMS, SOURCES) == ("outlet.order", "web.order")
    assert feeds_of({"raw.heartland.inventory"}, SYSTEMS, SOURCES) == ("pos.inventory",)


def test_what_is_made_of_raw_topics_comes_from_all_feeds() -> None:
    every = ("outlet.order", "pos.inventory", "pos.order", "web.order")
    assert feeds_of({"canonical.sale"}, SYSTEMS, SOURCES) == every
    assert feeds_of({"hint.stock", "raw.magento.order"}, SYSTEMS, SOURCES) == every
    assert feeds_of({"raw.magento.order"}, {}, SOURCES) == ()


def test_what_no_flow_takes_is_not_read_again() -> None:
    assert feeds_of({"raw.heartland.payment", "raw.magento.order"}, SYSTEMS, SOURCES) == ("outlet.order", "web.order")
    assert feeds_of({"raw.heartland.payment"}, SYSTEMS, {*SOURCES, ("heartland", "payment")}) == ("pos.payment",)

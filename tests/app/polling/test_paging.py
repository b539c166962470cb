from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.polling.feed import Page, Row
from app.polling.paging import Position, advance
from streams.errors import Malformed

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


@dataclass
class Table:
    """A table as the source keeps it: rows by id, each with the second of its last change and a version."""

    page_size: int
    now: int = 0
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)

    def touch(self, row: int) -> None:
        version = self.rows.get(row, (0, 0))[1]
        self.rows[row] = (self.now, version + 1)

    def page(self, since: datetime, number: int) -> Page:
        listed = sorted((second, row, version) for row, (second, version) in self.rows.items() if at(second) >= since)
        cut = listed[(number - 1) * self.page_size : number * self.page_size]
        rows = [Row.of({"id": row, "second": second, "version": version}, at(second)) for second, row, version in cut]
        return Page(rows, more=number * self.page_size < len(listed))


def read_all(table: Table, since: datetime, seen: set[tuple[object, object]], moves: list[list[int]]) -> datetime:
    """One pass; between its pages the table changes. Returns the last time that it saw."""
    position: Position | None = Position(since)
    reached = since
    upcoming = iter(moves)
    for _ in range(2000):
        if position is None:
            return reached
        page = table.page(position.since, position.page)
        seen |= {(row.document["id"], row.document["version"]) for row in page.rows}
        reached = max([reached, *(row.updated_at for row in page.rows if row.updated_at)])
        position = advance(position, page)
        for move in next(upcoming, []):
            if move < 0:
                table.now += -move
            else:
                table.touch(move)
    pytest.fail("the pass did not end")


changes = st.lists(st.lists(st.integers(-2, 12), max_size=4), max_size=30)


@settings(max_examples=400)
@given(
    page_size=st.integers(1, 5),
    seconds=st.lists(st.integers(0, 3), max_size=14),
    first=changes,
    second=changes,
)
def test_no_row_is_ever_skipped_while_rows_move_during_paging(
    page_size: int, seconds: list[int], first: list[list[int]], second: list[list[int]]
) -> None:
    """Without any overlap: three passes by cursor, rows moving and appearing during the first two, none in the last."""
    table = Table(page_size, now=3)
    for row, changed in enumerate(sorted(seconds)):
        table.rows[row] = (changed, 1)
    seen: set[tuple[object, object]] = set()
    cursor = read_all(table, at(0), seen, first)
    assert {row for row, _ in seen} >= set(range(len(seconds)))
    cursor = read_all(table, cursor, seen, second)
    table.now += 1
    read_all(table, cursor, seen, [])
    assert {(row, version) for row, (_, version) in table.rows.items()} <= seen


def test_counting_pages_alone_would_skip_a_row() -> None:
    """The fault that the walks are for: a row leaves the page that was read, and the next page begins one too late."""
    table = Table(page_size=2, rows=dict.fromkeys(range(4), (0, 1)))
    table.page(at(0), 1)
    table.now = 1
    table.touch(0)
    assert [row.document["id"] for row in table.page(at(0), 2).rows] == [3, 0]


def test_the_cursor_follows_the_last_row_and_pages_are_not_counted() -> None:
    table = Table(page_size=2, rows={row: (row, 1) for row in range(5)})
    position = advance(Position(at(0)), table.page(at(0), 1))
    assert position == Position(at(1))
    assert position is not None
    position = advance(position, table.page(at(1), 1))
    assert position == Position(at(2))


def test_a_second_with_more_rows_than_a_page_is_walked_until_two_walks_agree() -> None:
    table = Table(page_size=2, rows={**dict.fromkeys(range(5), (0, 1)), 5: (1, 1)})
    asked: list[tuple[datetime, int]] = []
    position: Position | None = Position(at(0))
    while position is not None:
        asked.append((position.since, position.page))
        position = advance(position, table.page(position.since, position.page))
    assert asked == [(at(0), 1), (at(0), 2), (at(0), 3)] * 2


def test_an_empty_list_ends_at_once() -> None:
    assert advance(Position(at(0)), Page([], more=False)) is None


def test_a_source_that_promises_more_and_gives_nothing_ends() -> None:
    assert advance(Position(at(0)), Page([], more=True)) is None


def test_rows_without_a_time_stand_where_they_are() -> None:
    rows = [Row.of({"id": 1}, None), Row.of({"id": 2}, at(1)), Row.of({"id": 3}, None)]
    assert advance(Position(at(0)), Page(rows, more=True)) == Position(at(1))
    assert advance(Position(at(0)), Page(rows[:1], more=True)) == Position(
        at(0), page=2, walk=frozenset({rows[0].digest})
    )


def test_a_list_that_is_not_sorted_is_not_trusted() -> None:
    rows = [Row.of({"id": 1}, at(5)), Row.of({"id": 2}, at(4))]
    with pytest.raises(Malformed, match="not sorted"):
        advance(Position(at(0)), Page(rows, more=False))


def test_a_source_that_writes_a_row_differently_each_time_does_not_hold_us_forever() -> None:
    position: Position | None = Position(at(0))
    reads = 0
    while position is not None:
        reads += 1
        last = position.page == 2
        position = advance(position, Page([Row.of({"served": reads}, at(0))], more=not last))
    assert reads < 200

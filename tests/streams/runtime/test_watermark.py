"""What may be committed: never past a record that is still being worked on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.watermark import Watermark


def delivered(*offsets: int, start: int = 0) -> Watermark:
    watermark = Watermark(start)
    assert all(watermark.deliver(offset, offset * 10, 10) for offset in offsets)
    return watermark


def test_nothing_done_leaves_the_position() -> None:
    assert delivered(5, 6, start=5).advance() == 5


def test_it_moves_one_past_the_done_prefix() -> None:
    watermark = delivered(0, 1, 2, 3)
    for offset in (0, 1, 3):
        watermark.done(offset)
    assert watermark.advance() == 2
    assert (watermark.in_flight, watermark.span) == (1, 2)


def test_a_head_that_is_in_flight_holds_everything_behind_it() -> None:
    watermark = delivered(100, 101, 102, start=100)
    watermark.done(101)
    watermark.done(102)
    assert watermark.advance() == 100
    watermark.done(100)
    assert watermark.advance() == 103


def test_a_gap_in_the_offsets_is_no_work_and_no_hindrance() -> None:
    watermark = delivered(10, 15, 16, start=3)
    watermark.done(10)
    watermark.done(16)
    assert watermark.advance() == 11
    watermark.done(15)
    assert watermark.advance() == 17


def test_a_record_is_handed_on_once() -> None:
    watermark = delivered(4, start=4)
    assert not watermark.deliver(4, 0, 10)
    assert not watermark.deliver(3, 0, 10)
    assert watermark.deliver(5, 0, 10)


def test_acknowledgements_of_before_a_seek_are_ignored() -> None:
    watermark = delivered(7, start=7)
    watermark.done(3)
    watermark.done(8)
    assert watermark.advance() == 7
    assert (watermark.in_flight, watermark.bytes_in_flight) == (1, 10)
    Watermark(0).done(1)


@given(st.data())
def test_property_committable_is_the_longest_done_prefix(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, 50))
    offsets = sorted(data.draw(st.sets(st.integers(start, start + 40), max_size=20)))
    watermark = Watermark(start)
    handed_on: list[int] = []
    done: set[int] = set()
    waiting = list(offsets)
    positions = [watermark.advance()]
    while waiting or len(done) < len(handed_on):
        open_ones = [offset for offset in handed_on if offset not in done]
        if waiting and (not open_ones or data.draw(st.booleans())):
            handed_on.append(waiting.pop(0))
            assert watermark.deliver(handed_on[-1], 0, handed_on[-1])
        elif open_ones:
            offset = data.draw(st.sampled_from(open_ones))
            watermark.done(offset)
            done.add(offset)
        if data.draw(st.booleans()):
            positions.append(watermark.advance())
        still_open = [offset for offset in handed_on if offset not in done]
        assert (watermark.in_flight, watermark.bytes_in_flight) == (len(still_open), sum(still_open))
        assert watermark.advance() <= (still_open[0] if still_open else start + 41)
    positions.append(watermark.advance())
    assert positions == sorted(positions)
    assert positions[-1] == (offsets[-1] + 1 if offsets else start)


def test_the_oldest_unfinished_record_and_the_last_done_one_are_known_by_their_times() -> None:
    watermark = delivered(4, 5, 6, start=4)
    assert (watermark.oldest_ms, watermark.done_ms) == (40, None)
    watermark.done(5)
    watermark.advance()
    assert (watermark.oldest_ms, watermark.done_ms) == (40, None)
    watermark.done(4)
    watermark.advance()
    assert (watermark.oldest_ms, watermark.done_ms) == (60, 50)
    watermark.done(6)
    watermark.advance()
    assert (watermark.oldest_ms, watermark.done_ms) == (None, 60)

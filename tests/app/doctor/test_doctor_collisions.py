"""The doctor on channels whose orders could get one number in the point of sale."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.doctor.collisions import collisions
from app.doctor.finding import Grade
from schemas.documents.channel import Channel

prefixes = st.text("W-12", max_size=4)
NUMBERS = ["".join(digits) for length in (1, 2, 3, 4, 5) for digits in product("12", repeat=length)]


def channel(prefix: str, pos: str = "pos", store_id: int = 1) -> Channel:
    return Channel(web="web", store_id=store_id, pos=pos, prefix=prefix, location="MAIN")


@pytest.mark.rule("channels.doctor_collisions")
@given(one=prefixes, other=prefixes)
def test_two_channels_are_told_if_any_of_their_order_numbers_meet(one: str, other: str) -> None:
    meet = {one + number for number in NUMBERS} & {other + number for number in NUMBERS}
    found = list(collisions({"a": channel(one), "b": channel(other)}))
    assert bool(found) == (bool(meet) and one != other)  # the settings refuse equal ones


@pytest.mark.rule("channels.doctor_collisions")
def test_what_meets_and_what_to_change_is_told() -> None:
    (found,) = collisions({"main": channel("W-"), "outlet": channel("W-2", store_id=2)})
    assert (found.grade, found.part) == (Grade.WRONG, "channel outlet")
    assert found.message == "its order 000000001 and order 2000000001 of channel main are both 'W-2000000001' in 'pos'"
    assert found.mend.startswith("channels.outlet.prefix: one that does not begin with 'W-' and digits")


def test_numbers_of_two_accounts_do_not_meet() -> None:
    assert list(collisions({"main": channel("W-"), "outlet": channel("W-2", pos="pos2")})) == []

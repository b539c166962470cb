from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.launch.observed import MAILING, Observed, read, told


@given(what=st.text().filter(lambda what: not what.endswith(MAILING)), mails=st.booleans())
def test_what_is_told_can_be_counted_again(what: str, mails: bool) -> None:
    observed = Observed(what, mails)
    assert read(told(observed, "order")) == observed


def test_it_says_what_to_do() -> None:
    assert told(Observed("ship order 42", mails=True), "shipment") == (
        "observe: would ship order 42 and e-mail the customer. Nothing is written before `tillstream launch shipment`."
    )


@pytest.mark.parametrize("message", ["", "before the cutover", "created as 17"])
def test_other_lines_of_the_journal_are_none_of_it(message: str) -> None:
    assert read(message) is None

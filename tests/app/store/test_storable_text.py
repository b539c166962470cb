"""Text that PostgreSQL would refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.text import restored, storable

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=50)


@given(ANY_TEXT)
def test_any_text_becomes_storable_and_comes_back(text: str) -> None:
    stored = storable(text)
    assert "\x00" not in stored
    stored.encode()
    assert restored(stored) == text


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (storable(one) == storable(other)) == (one == other)


@pytest.mark.parametrize("text", ["", "000000042", "Größe M / blau", "a\\b", "\U0001f6d2"])
def test_ordinary_text_is_stored_as_it_is(text: str) -> None:
    assert storable(text) == text

"""Names as people have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.names import first_name, last_name, proper_name

LETTERS = st.text(
    alphabet=st.characters(categories=["Lu", "Ll"], max_codepoint=0x17E) | st.sampled_from(" '-."), max_size=20
)


@pytest.mark.parametrize(
    ("written", "proper"),
    [
        ("ANN", "Ann"),
        ("ann lee", "Ann Lee"),
        ("MARY-ANN O'BRIEN", "Mary-Ann O'Brien"),
        ("o\u2019brien", "O\u2019Brien"),
        ("MCDONALD III", "McDonald III"),
        ("LaToya deVries", "LaToya deVries"),
        ("  Ann   Lee ", "Ann Lee"),
        ("李", "李"),
        ("", ""),
    ],
)
def test_only_a_name_without_a_mind_of_its_own_gets_capitals(written: str, proper: str) -> None:
    assert proper_name(written) == proper


@given(LETTERS)
def test_naming_twice_is_naming_once(written: str) -> None:
    once = proper_name(written)
    assert proper_name(once) == once


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Ann Lee", "Ann", "Lee"),
        ("Mary Ann Smith", "Mary Ann", "Smith"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Juan de la Cruz", "Juan", "de la Cruz"),
        ("John Smith Jr.", "John", "Smith Jr."),
        ("John Smith, Jr.", "John", "Smith, Jr."),
        ("Smith, John", "John", "Smith"),
        ("Van Nguyen", "Van", "Nguyen"),
        ("Cher", "Cher", ""),
        ("", "", ""),
    ],
)
def test_a_whole_name_is_split(whole: str, first: str, last: str) -> None:
    assert (first_name(whole), last_name(whole)) == (first, last)


@given(st.lists(st.text(alphabet="abcDE.", min_size=1, max_size=5), max_size=5))
def test_no_word_of_a_name_is_lost(words: list[str]) -> None:
    whole = " ".join(words)
    assert f"{first_name(whole)} {last_name(whole)}".split() == words


def test_a_name_is_a_string() -> None:
    with pytest.raises(TypeError, match="a string is needed"):
        proper_name(7)  # type: ignore[arg-type]

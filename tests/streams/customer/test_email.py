"""E-mail addresses are compared as Magento compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customer.email import normal_email


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com\n", "ann@example.com"),
        ("STRASSE@example.com", "strasse@example.com"),
        ("Zoe\u0308@example.com", "zo\u00eb@example.com"),
        ("ann+work@example.com", "ann+work@example.com"),
        ("a.nn@example.com", "a.nn@example.com"),
        ('"a@b"@example.com', '"a@b"@example.com'),
        ("", ""),
        ("ann", ""),
        ("@example.com", ""),
        ("ann@", ""),
    ],
)
def test_case_and_blanks_do_not_count_and_everything_else_does(written: str, normal: str) -> None:
    assert normal_email(written) == normal


def test_a_tag_is_left_out_only_for_a_shop_that_says_so() -> None:
    assert normal_email("Ann+Work@example.com") != normal_email("ann@example.com")
    assert normal_email("Ann+Work@example.com", fold_tags=True) == "ann@example.com"
    assert normal_email("+work@example.com", fold_tags=True) == ""


@given(st.emails() | st.text())
def test_what_is_normal_stays_so(written: str) -> None:
    normal = normal_email(written)
    assert normal_email(normal) == normal
    assert normal_email(f" {normal} ") == normal

"""Refs are text and back."""

from __future__ import annotations

import pytest

from schemas.ids import CONNECTION_NAME, Ref


@pytest.mark.parametrize("ref", [Ref("web", "order", "42"), Ref("pos", "sku", "A:B/C d")])
def test_a_ref_survives_its_text(ref: Ref) -> None:
    assert Ref.parse(str(ref)) == ref


@pytest.mark.parametrize("text", ["", "web:order", "web::42", ":order:42", "web:order:"])
def test_what_is_not_a_ref_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not connection:type:id"):
        Ref.parse(text)


@pytest.mark.parametrize(
    ("name", "good"), [("web", True), ("web-2", True), ("Web", False), ("w:b", False), ("", False)]
)
def test_a_connections_name_splits_safely(name: str, good: bool) -> None:
    assert bool(CONNECTION_NAME.match(name)) is good

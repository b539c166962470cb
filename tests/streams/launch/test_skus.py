"""The SKU report tells apart what is the same, what is near, and what only one system has."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.launch.skus import Article, SkuKind, SkuRow, compare_skus


def rows(web: list[str], pos: list[str | Article], aliases: dict[str, str] | None = None) -> list[SkuRow]:
    points = [one if isinstance(one, Article) else Article(one) for one in pos]
    return compare_skus([Article(sku) for sku in web], points, aliases or {})


@pytest.mark.rule("starting.sku_report_kinds")
@pytest.mark.parametrize(
    ("web", "pos", "kind"),
    [
        ("TEE", "TEE", SkuKind.EXACT),
        ("TEE", "tee", SkuKind.NEAR),
        ("TEE RED", "TEE  RED ", SkuKind.NEAR),
        ("42", "00042", SkuKind.NEAR),
        ("4006381333931", Article("PEN", barcode="4006381333931"), SkuKind.BARCODE),
    ],
)
def test_a_pair_is_told_by_what_makes_it_one(web: str, pos: str | Article, kind: SkuKind) -> None:
    (row,) = rows([web], [pos])
    assert (row.kind, row.web, row.pos) == (kind, web, pos.sku if isinstance(pos, Article) else pos)


@pytest.mark.rule("starting.sku_report_kinds")
def test_what_is_near_to_several_is_for_a_person() -> None:
    assert rows(["42"], ["042", "0042"]) == [
        SkuRow(SkuKind.DUPLICATE, "", "0042"),
        SkuRow(SkuKind.DUPLICATE, "42", "042"),
    ]


@pytest.mark.rule("starting.sku_report_kinds")
def test_what_one_side_has_alone_is_told() -> None:
    assert rows(["A"], ["B"]) == [SkuRow(SkuKind.WEB_ONLY, "A", ""), SkuRow(SkuKind.POS_ONLY, "", "B")]


def test_an_alias_counts_before_everything_else() -> None:
    found = rows(["TEE", "tee"], ["TEE"], {"tee": "TEE"})
    assert found == [SkuRow(SkuKind.ALIAS, "tee", "TEE"), SkuRow(SkuKind.WEB_ONLY, "TEE", "")]


skus = st.lists(st.text("aA0 1", min_size=1, max_size=4), unique=True, max_size=8)


@given(web=skus, pos=skus)
def test_every_sku_of_both_is_told_exactly_once(web: list[str], pos: list[str]) -> None:
    found = rows(web, list(pos))
    assert Counter(row.web for row in found if row.web) == Counter(web)
    assert Counter(row.pos for row in found if row.pos) == Counter(pos)

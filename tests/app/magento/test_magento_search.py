"""searchCriteria as Magento reads it, and its encoding."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from app.magento.search import MOST_CONDITIONS, Search, Where, encode, moment, query_string
from app.magento.stock import LONGEST_LIST, MOST_SKUS, SEPARATOR, chunks

Pairs = list[tuple[str, str]]


def test_groups_are_and_conditions_in_one_are_or_and_a_direction_is_always_given() -> None:
    search = Search(
        groups=((Where("state", "eq", "new"), Where("state", "eq", "processing")), (Where("store_id", "eq", "1"),)),
        sort=("updated_at", "entity_id"),
        page_size=50,
        page=2,
        fields="items[sku],total_count",
    )
    assert search.query() == [
        ("searchCriteria[filter_groups][0][filters][0][field]", "state"),
        ("searchCriteria[filter_groups][0][filters][0][condition_type]", "eq"),
        ("searchCriteria[filter_groups][0][filters][0][value]", "new"),
        ("searchCriteria[filter_groups][0][filters][1][field]", "state"),
        ("searchCriteria[filter_groups][0][filters][1][condition_type]", "eq"),
        ("searchCriteria[filter_groups][0][filters][1][value]", "processing"),
        ("searchCriteria[filter_groups][1][filters][0][field]", "store_id"),
        ("searchCriteria[filter_groups][1][filters][0][condition_type]", "eq"),
        ("searchCriteria[filter_groups][1][filters][0][value]", "1"),
        ("searchCriteria[sortOrders][0][field]", "updated_at"),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[sortOrders][1][field]", "entity_id"),
        ("searchCriteria[sortOrders][1][direction]", "ASC"),
        ("searchCriteria[pageSize]", "50"),
        ("searchCriteria[currentPage]", "2"),
        ("fields", "items[sku],total_count"),
    ]


def test_a_page_size_is_always_sent() -> None:
    assert ("searchCriteria[pageSize]", "100") in Search().query()


def test_a_time_is_utc_without_a_zone_and_whole_seconds() -> None:
    chicago = datetime(2026, 11, 24, 2, 5, 6, 900_000, tzinfo=timezone(timedelta(hours=-6)))
    assert moment(chicago) == "2026-11-24 08:05:06"


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))))
def test_every_pair_splits_at_one_equals_sign_and_decodes_to_itself(pairs: Pairs) -> None:
    sent = query_string(pairs)
    assert "+" not in sent
    split = [part.split("=") for part in sent.split("&")] if pairs else []
    assert [(unquote(key), unquote(value)) for key, value in split] == pairs


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=64), unique=True, max_size=300))
def test_chunks_keep_every_sku_and_each_fits_one_request(skus: list[str]) -> None:
    parts = list(chunks(skus))
    assert [sku for part in parts for sku in part] == skus
    for part in parts:
        assert len(part) <= MOST_SKUS
        assert sum(SEPARATOR in sku for sku in part) < MOST_CONDITIONS
        assert len(part) == 1 or len(encode("".join(sku + SEPARATOR for sku in part))) <= LONGEST_LIST

"""searchCriteria as Magento reads it, and its encoding."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from app.magento.search import Search, Where, moment


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

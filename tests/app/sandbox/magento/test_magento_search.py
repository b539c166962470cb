from __future__ import annotations

import pytest

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.search import Criteria, Filter, read_criteria
from tests.app.sandbox.magento.storefront import Storefront


def test_both_spellings_and_several_groups_are_read() -> None:
    query = [
        ("searchCriteria[filterGroups][0][filters][0][field]", "state"),
        ("searchCriteria[filterGroups][0][filters][0][value]", "new"),
        ("searchCriteria[filter_groups][0][filters][1][field]", "state"),
        ("searchCriteria[filter_groups][0][filters][1][value]", "processing"),
        ("searchCriteria[filter_groups][0][filters][1][conditionType]", "eq"),
        ("searchCriteria[filter_groups][1][filters][0][field]", "entity_id"),
        ("searchCriteria[filter_groups][1][filters][0][condition_type]", "gt"),
        ("searchCriteria[filter_groups][1][filters][0][value]", "4"),
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "asc"),
        ("searchCriteria[sortOrders][1][field]", "store_id"),
        ("searchCriteria[pageSize]", "2"),
        ("searchCriteria[currentPage]", "1"),
    ]
    assert read_criteria(query) == Criteria(
        groups=(
            (Filter("state", "new", "eq"), Filter("state", "processing", "eq")),
            (Filter("entity_id", "4", "gt"),),
        ),
        sorts=(("entity_id", "ASC"), ("store_id", "DESC")),
        page_size=2,
        current_page=1,
    )


def test_the_echo_is_in_snake_case_and_shows_what_was_sent() -> None:
    query = [
        ("searchCriteria[filterGroups][0][filters][0][field]", "created_at"),
        ("searchCriteria[filterGroups][0][filters][0][value]", "2020-01-01 00:00:00"),
        ("searchCriteria[filterGroups][0][filters][0][conditionType]", "gteq"),
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", "2"),
        ("searchCriteria[currentPage]", "1"),
    ]
    filters = [{"field": "created_at", "value": "2020-01-01 00:00:00", "condition_type": "gteq"}]
    assert read_criteria(query).echo() == {
        "filter_groups": [{"filters": filters}],
        "sort_orders": [{"field": "entity_id", "direction": "ASC"}],
        "page_size": 2,
        "current_page": 1,
    }
    assert read_criteria([("searchCriteria", "")]).echo() == {"filter_groups": []}


def test_a_wrong_direction_and_a_wrong_number_are_refused() -> None:
    with pytest.raises(RestError, match="direction"):
        read_criteria([("searchCriteria[sortOrders][0][direction]", "up")])
    with pytest.raises(RestError, match="pageSize"):
        read_criteria([("searchCriteria[pageSize]", "many")])
    with pytest.raises(RestError, match="not supported"):
        read_criteria([("searchCriteria[filter_groups][0][filters][0][felid]", "x")])


async def numbers(shop: Storefront, *filters: tuple[str, str, str], **more: str) -> list[int]:
    found = await shop.find("/orders", *filters, **more)
    return [order["entity_id"] for order in found["items"]]


@pytest.fixture
async def orders(shop: Storefront) -> Storefront:
    """Orders 1 to 4; 2 is known elsewhere as H-2, 3 is invoiced."""
    for _ in range(4):
        await shop.place(("S1", 1))
    await shop.do("POST", "/orders", {"entity": {"entity_id": 2, "ext_order_id": "H-2"}})
    await shop.do("POST", "/order/3/invoice", {})
    return shop


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("entity_id", "eq", "2"), [2]),
        (("entity_id", "neq", "2"), [1, 3, 4]),
        (("entity_id", "gt", "2"), [3, 4]),
        (("entity_id", "gteq", "2"), [2, 3, 4]),
        (("entity_id", "lt", "2"), [1]),
        (("entity_id", "lteq", "2"), [1, 2]),
        (("entity_id", "moreq", "4"), [4]),
        (("entity_id", "in", "1,4,9"), [1, 4]),
        (("entity_id", "nin", "1,4"), [2, 3]),
        (("entity_id", "from", "3"), [3, 4]),
        (("entity_id", "to", "1"), [1]),
        (("increment_id", "like", "%3"), [3]),
        (("increment_id", "nlike", "%3"), [1, 2, 4]),
        (("increment_id", "eq", "000000002"), [2]),
        (("ext_order_id", "eq", "h-2"), [2]),
        (("ext_order_id", "null", "1"), [1, 3, 4]),
        (("ext_order_id", "notnull", "1"), [2]),
        (("ext_order_id", "finset", "H-2"), [2]),
        (("state", "nfinset", "new"), [3]),
        (("state", "unheard-of", "processing"), [3]),
        (("total_paid", "gt", "0"), [3]),
        (("customer_email", "eq", "GUEST@example.com"), [1, 2, 3, 4]),
        (("entity_id", "eq", "abc"), []),
    ],
)
async def test_conditions(orders: Storefront, condition: tuple[str, str, str], expected: list[int]) -> None:
    assert await numbers(orders, condition) == expected


async def test_groups_are_and_filters_in_a_group_are_or(orders: Storefront) -> None:
    group = "searchCriteria[filter_groups][0][filters]"
    query = {f"{group}[0][field]": "entity_id", f"{group}[0][value]": "1"}
    query |= {f"{group}[1][field]": "state", f"{group}[1][value]": "processing"}
    assert await numbers(orders, **query) == [1, 3]
    assert await numbers(orders, ("entity_id", "gt", "1"), ("state", "eq", "new")) == [2, 4]


async def test_sorting_and_paging(orders: Storefront) -> None:
    sort = {"searchCriteria[sortOrders][0][field]": "entity_id", "searchCriteria[sortOrders][0][direction]": "DESC"}
    page = {"searchCriteria[pageSize]": "3", "searchCriteria[currentPage]": "1"}
    assert await numbers(orders, **sort, **page) == [4, 3, 2]
    assert await numbers(orders, **sort, **(page | {"searchCriteria[currentPage]": "2"})) == [1]
    past = await orders.find("/orders", **(page | {"searchCriteria[currentPage]": "9"}))
    assert (past["items"], past["total_count"]) == ([], 4)


async def test_an_empty_list_is_null_under_fields(orders: Storefront) -> None:
    found = await orders.find("/orders", ("entity_id", "eq", "99"), fields="items[entity_id],total_count")
    assert found == {"items": None, "total_count": 0}


async def test_orders_need_search_criteria(orders: Storefront) -> None:
    expected = {
        "message": '"%fieldName" is required. Enter and try again.',
        "parameters": {"fieldName": "searchCriteria"},
    }
    assert await orders.call("GET", "/orders") == (400, expected)


async def test_an_unknown_field_crashes_flat_lists_and_is_refused_by_products(orders: Storefront) -> None:
    query = (
        "searchCriteria[filter_groups][0][filters][0][field]=nope&searchCriteria[filter_groups][0][filters][0][value]=1"
    )
    status, body = await orders.call("GET", f"/orders?{query}")
    assert status == 500
    assert body["message"].startswith("Internal Error. Details are available in Magento log file. Report ID: webapi-")
    expected = {"message": 'The "%1" attribute name is invalid. Reset the name and try again.', "parameters": ["nope"]}
    assert await orders.call("GET", f"/products?{query}") == (400, expected)
    assert (await orders.call("GET", "/orders?searchCriteria[sortOrders][0][field]=nope"))[0] == 500


async def test_products_by_a_list_of_skus(orders: Storefront) -> None:
    found = await orders.find("/products", ("sku", "in", "S1,s2,NOPE"), fields="items[sku,price],total_count")
    assert found == {"items": [{"sku": "S1", "price": 10}, {"sku": "S2", "price": 20}], "total_count": 2}

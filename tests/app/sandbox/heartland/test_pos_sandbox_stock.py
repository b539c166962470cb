"""Stock of the Heartland sandbox: commitments follow the orders, counts set the on hand, a model agrees."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sandbox.catalogue import catalogue, sellable
from app.sandbox.database import Database
from app.sandbox.faults import FaultPanel
from app.sandbox.heartland.account import Account as Books
from app.sandbox.heartland.account import Call, utc_now
from app.sandbox.heartland.contract import the_contract
from app.sandbox.heartland.controller import HANDLERS
from app.sandbox.heartland.errors import ApiError
from app.sandbox.heartland.products import seed_products
from app.sandbox.heartland.tables import SCHEMA
from app.sandbox.heartland.values import dump, load
from app.sandbox.webhooks import WebhookSender
from tests.app.sandbox.heartland.account import OTHER_SKU, SKU, Account, order

SKUS = ("SKU-00002", "SKU-00007", "SKU-00008")
LOCATIONS = ("MAIN", "STORE2")


async def test_an_open_order_commits_and_fulfilment_takes(account: Account) -> None:
    path = f"/v1/orders/{(await account.post('/v1/orders', order()))['OrderID']}"
    assert await account.level() == (222, 2, 220)
    await account.put(path, {"Status": "Fulfilled"})
    assert await account.level() == (220, 0, 220)


async def test_a_cancelled_order_releases(account: Account) -> None:
    path = f"/v1/orders/{(await account.post('/v1/orders', order()))['OrderID']}"
    await account.put(path, {"Status": "Cancelled"})
    assert await account.level() == (222, 0, 222)


async def test_a_sale_in_store_takes_at_once_and_only_there(account: Account) -> None:
    there = await account.level(location="STORE2")
    await account.post("/v1/orders", order(Status="Fulfilled", LocationID="STORE2"))
    assert await account.level(location="STORE2") == (there[0] - 2, 0, there[0] - 2)
    assert await account.level() == (222, 0, 222)


async def test_two_lines_of_one_sku_count_together(account: Account) -> None:
    line = {"SKU": SKU, "Quantity": 0.1, "Price": 10}
    await account.post("/v1/orders", order(line, line, line, TotalAmount=3, BalanceDue=3))
    assert await account.level() == (222, Decimal("0.3"), Decimal("221.7"))


async def test_a_count_sets_the_on_hand_and_leaves_commitments(account: Account) -> None:
    await account.post("/v1/orders", order())
    level = await account.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 1})
    assert (level["OnHand"], level["Committed"], level["Available"]) == (1, 2, -1)
    again = await account.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 1})
    assert again["UpdatedAt"] == level["UpdatedAt"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"SKU": "X"}, "SKU", "unknown SKU 'X'"),
        ({"LocationID": "STORE9"}, "LocationID", "unknown location 'STORE9'"),
        ({"OnHand": -1}, "OnHand", "is below 0"),
        ({"Committed": 1}, "Committed", "not a field"),
    ],
)
async def test_a_wrong_count_is_refused(account: Account, change: dict[str, Any], field: str, words: str) -> None:
    body = {"SKU": SKU, "LocationID": "MAIN", "OnHand": 1} | change
    assert words in (await account.refused("PUT", "/v1/inventory", body))[field]


async def test_an_order_moves_only_the_rows_of_its_skus(account: Account) -> None:
    before = await _moments(account)
    created = await account.post("/v1/orders", order())
    after = await _moments(account)
    assert {sku for sku in after if after[sku] != before[sku]} == {SKU}
    assert after[SKU] == created["UpdatedAt"]
    assert OTHER_SKU in after


async def _moments(account: Account) -> dict[str, str]:
    page = await account.get("/v1/inventory", location_id="MAIN")
    return {row["SKU"]: row["UpdatedAt"] for row in page["results"]}


# -- Any sequence of orders, changes of status and counts ---------------------------------------------------------

Step = tuple[Any, ...]

quantities = st.integers(1, 50_000).map(lambda n: Decimal(n) / 10_000)
lines = st.lists(st.tuples(st.sampled_from(SKUS), quantities), min_size=1, max_size=4)
steps = st.one_of(
    st.tuples(st.just("order"), st.sampled_from(LOCATIONS), st.sampled_from(("Open", "Fulfilled")), lines),
    st.tuples(st.just("status"), st.integers(0, 9), st.sampled_from(("Open", "Fulfilled", "Cancelled"))),
    st.tuples(st.just("count"), st.sampled_from(SKUS), st.sampled_from(LOCATIONS), st.integers(0, 1000)),
)


@dataclass
class Model:
    """What the stock must be, kept the other way round: by remembering every order, never a commitment."""

    counted: dict[tuple[str, str], Decimal]
    orders: list[tuple[str, str, list[tuple[str, Decimal]]]] = field(default_factory=list)

    def committed(self, key: tuple[str, str]) -> Decimal:
        return sum(
            (
                units
                for status, at, goods in self.orders
                if status == "Open"
                for sku, units in goods
                if (sku, at) == key
            ),
            Decimal(0),
        )

    def take(self, location: str, goods: list[tuple[str, Decimal]]) -> None:
        for sku, units in goods:
            self.counted[sku, location] -= units

    def order(self, location: str, status: str, goods: list[tuple[str, Decimal]]) -> None:
        self.orders.append((status, location, goods))
        if status == "Fulfilled":
            self.take(location, goods)

    def change(self, number: int, status: str) -> None:
        before, location, goods = self.orders[number]
        if before != "Open":
            return
        self.orders[number] = (status, location, goods)
        if status == "Fulfilled":
            self.take(location, goods)


class Handlers:
    """The sandbox's handlers on a database of their own, called as the controller calls them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as connection:
            self.books = Books(connection, WebhookSender(database, FaultPanel(1)), utc_now)
            seed_products(self.books, sellable(catalogue(1, 20)))

    def call(self, name: str, body: dict[str, Any], **params: str) -> Any:
        operation = the_contract().operations[name]
        call = Call(params, body=operation.read_body(load(dump(body))), now=self.books.tick())
        with self.database.transaction():
            return HANDLERS[name](self.books, call)

    def levels(self) -> dict[tuple[str, str], tuple[Decimal, Decimal, Decimal]]:
        query = the_contract().operations["list_inventory"].read_query([("sku", sku) for sku in SKUS])
        page = load(dump(HANDLERS["list_inventory"](self.books, Call({}, query=query))))
        return {
            (row["SKU"], row["LocationID"]): (
                Decimal(str(row["OnHand"])),
                Decimal(str(row["Committed"])),
                Decimal(str(row["Available"])),
            )
            for row in page["results"]
        }


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stock")


@settings(max_examples=60)
@given(st.lists(steps, max_size=25))
def test_available_is_on_hand_less_committed_and_both_are_what_the_orders_say(
    databases: Path, plan: list[Step]
) -> None:
    path = databases / "stock.sqlite"
    for left in databases.iterdir():
        left.unlink()
    database = Database(path, SCHEMA)
    try:
        _follow(Handlers(database), plan)
    finally:
        database.close()


def _follow(handlers: Handlers, plan: list[Step]) -> None:
    model = Model({key: on_hand for key, (on_hand, _, _) in handlers.levels().items()})
    ids: list[str] = []
    for step in plan:
        match step:
            case "order", location, status, goods:
                items = [{"SKU": sku, "Quantity": units, "Price": 0} for sku, units in goods]
                body = order(TotalAmount=0, BalanceDue=0, Status=status, LocationID=location) | {"LineItems": items}
                ids.append(handlers.call("create_order", body).document["OrderID"])
                model.order(location, status, goods)
            case "status", number, status if number < len(ids):
                _set_status(handlers, ids[number], status, final=model.orders[number][0])
                model.change(number, status)
            case "count", sku, location, on_hand:
                handlers.call("update_inventory", {"SKU": sku, "LocationID": location, "OnHand": on_hand})
                model.counted[sku, location] = Decimal(on_hand)
        for key, (on_hand, committed, available) in handlers.levels().items():
            assert (on_hand, committed) == (model.counted[key], model.committed(key)), (step, key)
            assert available == on_hand - committed


def _set_status(handlers: Handlers, order_id: str, status: str, *, final: str) -> None:
    if final in ("Open", status):
        handlers.call("update_order", {"Status": status}, OrderID=order_id)
        return
    with pytest.raises(ApiError):
        handlers.call("update_order", {"Status": status}, OrderID=order_id)

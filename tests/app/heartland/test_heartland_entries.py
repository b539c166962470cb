"""Shipments and refunds are appended once each, whoever else appends at the same time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from app import exact_json
from app.heartland.client import HeartlandClient
from app.heartland.entries import OrderEntries, carries, pieces
from app.heartland.refunds import HeartlandRefunds
from app.heartland.shipments import KIND, HeartlandShipments
from schemas.heartland import Pieces
from streams.errors import OutcomeUnknown, Rejected, Transient
from streams.ports import ParcelDraft
from tests.app.heartland.heartland_contract import check_request
from tests.app.heartland.heartland_stub import order, refusal, stubbed
from tests.app.stub_server import Seen

AT = "2026-11-24T09:30:00.250000Z"
words = st.text("Ab1-_ []", min_size=1, max_size=12)
markers = st.text("Ab1-_:", min_size=1, max_size=8)


def entry(marker: str, shipment_id: str | None = None, quantity: Any = 1) -> dict[str, Any]:
    found: dict[str, Any] = {"ShipmentID": shipment_id} if shipment_id else {}
    lines = [{"SKU": "S1", "Quantity": quantity}]
    return found | {"ShippedAt": AT, "Carrier": "UPS", "TrackingNumber": marker, "Lines": lines}


def draft(marker: str) -> ParcelDraft:
    return ParcelDraft(marker, entry(marker), {"S1": Decimal(1)})


def shown(*entries: dict[str, Any]) -> web.Response:
    return web.json_response(order(Shipments=list(entries)))


# -- The marker --------------------------------------------------------------------------------------------------


@given(markers, words, words)
def test_a_marker_is_found_between_words_and_not_inside_one(marker: str, before: str, after: str) -> None:
    assert carries(f"{before} [{marker}] {after}", marker)
    assert carries(marker, marker)
    assert not carries(f"x{marker}", marker)
    assert not carries(f"{marker}-2", marker)


@pytest.mark.parametrize("text", [None, 17, "", "W-12", "W-1-2", "xW-1", "w-1"])
def test_what_is_no_text_or_another_word_carries_no_marker(text: object) -> None:
    assert not carries(text, "W-1")


def test_pieces_of_a_sku_are_added_up() -> None:
    lines = [
        Pieces(SKU=sku, Quantity=quantity) for sku, quantity in (("A", Decimal(1)), ("B", Decimal(2)), ("A", "0.5"))
    ]
    assert pieces(lines) == {"A": Decimal("1.5"), "B": Decimal(2)}


# -- One call ----------------------------------------------------------------------------------------------------


async def test_what_the_order_has_is_sent_first_and_digit_for_digit() -> None:
    known = b'{"ShipmentID":"17001","ShippedAt":"' + AT.encode() + b'","Carrier":"UPS","TrackingNumber":"1Z-0",'
    known += b'"Lines":[{"SKU":"S1","Quantity":0.1000}]}'
    body = exact_json.dumps(order(Shipments=[])).replace(b'"Shipments":[]', b'"Shipments":[' + known + b"]")
    answers = [
        web.Response(body=body, content_type="application/json"),
        web.Response(body=body.replace(known, known + b"," + exact_json.dumps(entry("1Z-1", "17002"))),
                     content_type="application/json"),
    ]  # fmt: skip
    async with stubbed(*answers) as stub:
        seen = await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))
    assert [check_request(call) for call in stub.calls] == ["get_order", "update_order"]
    assert stub.calls[1].content.startswith(b'{"Shipments":[' + known + b",{")
    assert stub.calls[1].body["Shipments"][1] == draft("1Z-1").document
    assert (seen.shipment_id, seen.shipped_at) == ("17002", datetime(2026, 11, 24, 9, 30, 0, 250_000, tzinfo=UTC))


async def test_an_order_that_changed_between_reading_and_writing_is_read_again_later() -> None:
    other = entry("1Z-0", "17001")
    refused = refusal(400, "validation_error", Shipments="must begin with the order's 1 entries, unchanged")
    async with stubbed(shown(), refused, shown(other)) as stub:
        with pytest.raises(Transient, match="shipment 1Z-1 of order 17 was not done, somebody else changed") as caught:
            await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))
    assert type(caught.value) is Transient
    assert caught.value.code == "changed_meanwhile"


async def test_a_refusal_of_an_order_that_did_not_change_goes_to_a_person() -> None:
    refused = refusal(400, "validation_error", Shipments="2 of 'S1', but the order has 1")
    async with stubbed(shown(), refused, shown()) as stub:
        with pytest.raises(Rejected, match="2 of 'S1', but the order has 1"):
            await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))


@pytest.mark.parametrize(
    "after",
    [
        (),
        (entry("1Z-1", "17002"),),
        (entry("1Z-0", "17001"), entry("1Z-9", "17002")),
        (entry("1Z-0", "17001", 2), entry("1Z-1", "17002")),
        (entry("1Z-0", "17001"), entry("1Z-1", "17002"), entry("1Z-1", "17003")),
    ],
    ids=["all gone", "the other is gone", "ours is missing", "the other has changed", "ours is there twice"],
)
async def test_an_answer_without_what_was_there_and_ours_behind_it_is_unknown(
    after: tuple[dict[str, Any], ...],
) -> None:
    async with stubbed(shown(entry("1Z-0", "17001")), shown(*after)) as stub:
        with pytest.raises(OutcomeUnknown, match="somebody else changed them at that moment") as caught:
            await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))
    assert caught.value.code == "changed_meanwhile"


async def test_an_order_that_does_not_tell_its_entries_never_looks_as_if_it_had_none() -> None:
    document = order()
    del document["Shipments"], document["Refunds"]
    async with stubbed(answer=lambda _: web.json_response(document)) as stub:
        with pytest.raises(Rejected, match="Shipments"):
            await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))
        with pytest.raises(Rejected, match="Refunds"):
            await HeartlandRefunds(stub.client).refunds_of("17")
    assert {call.method for call in stub.calls} == {"GET"}


async def test_reading_first_counts_against_the_time_in_which_a_mutation_leaves() -> None:
    passed = 0.0

    def slow(_seen: Seen) -> web.Response:
        nonlocal passed
        passed += 10.0
        return shown()

    async with stubbed(answer=slow, monotonic=lambda: passed) as stub:
        with pytest.raises(Transient) as caught:
            await HeartlandShipments(stub.client).append_shipment("17", draft("1Z-1"))
    assert caught.value.code == "late"
    assert [call.method for call in stub.calls] == ["GET"]


# -- Several at once ---------------------------------------------------------------------------------------------


class Account:
    """An order's list as Heartland keeps it: a PUT must begin with what the order has. Every call waits its turns."""

    name = "pos"

    def __init__(self, turns: Callable[[], int]) -> None:
        self.list: list[dict[str, Any]] = []
        self._turns = turns

    def begin(self) -> float:
        return 0.0

    async def get(self, _operation: str, _subject: str, _path: str) -> bytes:
        await self._wait()
        content = self._answer()
        await self._wait()
        return content

    async def change(self, *arguments: Any, began: float) -> bytes:
        await self._wait()
        sent = exact_json.loads(exact_json.dumps(arguments[-1]))["Shipments"]
        if sent[: len(self.list)] != self.list:
            raise Rejected("must begin with what the order has")
        new = [{"ShipmentID": f"17{number:03d}", **one} for number, one in enumerate(sent) if "ShipmentID" not in one]
        self.list = [*self.list, *new]
        content = self._answer()
        await self._wait()
        return content

    def _answer(self) -> bytes:
        return exact_json.dumps({"Shipments": self.list})

    async def _wait(self) -> None:
        for _ in range(self._turns()):
            await asyncio.sleep(0)


@given(names=st.lists(st.sampled_from(["1Z-1", "1Z-2", "1Z-12", "W-1"]), min_size=1, max_size=6), data=st.data())
def test_of_all_who_append_at_once_nobodys_entry_is_lost_and_none_is_there_twice(
    names: list[str], data: st.DataObject
) -> None:
    account = Account(lambda: data.draw(st.integers(0, 4)))
    entries = OrderEntries(cast(HeartlandClient, account), KIND)

    async def append(name: str) -> str:
        while True:
            before = [*account.list]
            try:
                made = await entries.append("append_shipment", "17", name, entry(name))
            except Transient:
                assert account.list[: len(before)] == before
                continue
            return made.shipment_id

    async def everyone() -> list[str]:
        return await asyncio.gather(*(append(name) for name in names))

    made = asyncio.run(everyone())
    kept = {one["TrackingNumber"]: one["ShipmentID"] for one in account.list}
    assert len(account.list) == len(set(names))
    assert [kept[name] for name in names] == made
    assert all(re.fullmatch(r"17\d{3}", shipment_id) for shipment_id in made)

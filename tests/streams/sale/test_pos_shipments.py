"""What left a store for an order, and after which of its parcels nothing is left."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.sale.marker import marker
from streams.sale.pos_shipments import REST, pos_shipments


def order(status: str, ordered: int, *parcels: int, ours: int | None = None) -> dict[str, Any]:
    entries = [
        {
            "ShipmentID": str(number),
            "Carrier": marker("web:shipment:1") if number == ours else "",
            "Lines": [{"SKU": "A", "Quantity": pieces}] if pieces else [],
        }
        for number, pieces in enumerate(parcels)
    ]
    lines = [{"SKU": "A", "Quantity": ordered}]
    return {"Status": status, "UpdatedAt": "2026-11-24T10:00:00Z", "LineItems": lines, "Shipments": entries}


@given(st.sampled_from(["Open", "Fulfilled"]), st.lists(st.integers(1, 5), max_size=4), st.integers(0, 5))
def test_the_first_parcel_after_which_nothing_is_left_completes_the_order(
    status: str, parcels: list[int], rest: int
) -> None:
    ordered = sum(parcels) + rest
    told = pos_shipments(order(status, ordered, *parcels))
    handed_over = 0
    for shipment in told:
        handed_over += sum(line["Quantity"] for line in shipment["Lines"])
        assert shipment["Completes"] is (handed_over == ordered)
    assert [shipment["ShipmentID"] for shipment in told if shipment["ShipmentID"] == REST] == (
        [REST] if status == "Fulfilled" and rest else []
    )


def test_a_parcel_of_the_web_stores_counts_and_is_not_told() -> None:
    (told,) = pos_shipments(order("Open", 3, 1, 2, ours=0))
    assert (told["ShipmentID"], told["Completes"]) == ("1", True)

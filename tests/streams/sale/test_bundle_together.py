"""Bundles on their way out: as one from one source, or each component by itself."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.ports.web_orders import WebOrder, WebOrderLine
from streams.sale.bundle_together import left_of, shipped_rows, with_shipped_components
from streams.sale.web_shipment import web_shipment_completes, web_shipment_lines

D = Decimal
ZERO = D(0)
WHAT = "shipment 17/3 of order 000000042"
RATES = {"4": 2, "5": 1}
"""Pieces of each component in one bundle, by its row."""


def row(item_id: str, ordered: int, parent: str = "", shipped: Decimal = ZERO) -> WebOrderLine:
    kind = "simple" if parent or item_id == "9" else "bundle"
    return WebOrderLine(item_id, parent, kind, f"B{item_id}", False, D(ordered), ZERO, shipped, ZERO, ZERO)


def order(bundles: int, shipped: Decimal = ZERO) -> WebOrder:
    """So many bundles, of which some have left, and three pieces of another SKU."""
    parts = [row(item, bundles * rate, "3") for item, rate in RATES.items()]
    lines = (row("3", bundles, shipped=shipped), *parts, row("9", 3))
    return WebOrder("42", "000000042", "processing", "processing", "checkmo", ZERO, ZERO, "", lines)


@pytest.mark.rule("fulfilment.ship_together")
@given(st.integers(1, 5), st.data())
def test_whole_bundles_leave_by_their_own_row_and_other_goods_by_theirs(bundles: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, bundles))
    units = {item: D(count * rate) for item, rate in RATES.items() if count} | {"9": D(1)}
    expected = {"9": D(1)} | ({"3": D(count)} if count else {})
    assert shipped_rows(units, order(bundles), {"3"}, what=WHAT) == expected
    assert shipped_rows(units, order(bundles), set(), what=WHAT) == units


@pytest.mark.rule("fulfilment.ship_together")
@pytest.mark.parametrize("units", [{"4": D(2)}, {"5": D(1)}, {"4": D(1), "5": D(1)}, {"4": D(3), "5": D("1.5")}])
def test_a_part_of_a_bundle_that_is_shipped_as_one_leaves_to_a_person(units: dict[str, Decimal]) -> None:
    with pytest.raises(Rejected, match=r"parts of bundle 'B3': it is shipped as one, from one store") as told:
        shipped_rows(units, order(2), {"3"}, what=WHAT)
    assert told.value.code == "ship_together"


@given(st.integers(1, 5), st.data())
def test_a_bundle_that_left_by_its_own_row_took_its_components_with_it(bundles: int, data: st.DataObject) -> None:
    shown = order(bundles, D(data.draw(st.integers(0, bundles))))
    counted = with_shipped_components(shown.lines)
    assert [line.left_to_ship for line in counted[1:3]] == [left_of(line, shown, {"3"}) for line in shown.lines[1:3]]
    assert (counted[0], counted[3]) == (shown.lines[0], shown.lines[3])


def test_a_component_that_left_by_itself_took_no_other_with_it() -> None:
    lines = order(1, D(1)).lines
    in_parts = (lines[0], replace(lines[1], shipped=D(2)), *lines[2:])
    assert with_shipped_components(in_parts) == in_parts


@given(st.integers(1, 5), st.data())
def test_what_has_left_of_a_bundle_has_left_of_its_components(bundles: int, data: st.DataObject) -> None:
    shipped = data.draw(st.integers(0, bundles))
    shown = order(bundles, D(shipped))
    for part in shown.lines[1:3]:
        assert left_of(part, shown, {"3"}) == (bundles - shipped) * RATES[part.item_id]
        assert left_of(part, shown, set()) == part.ordered
    assert left_of(shown.lines[3], shown, {"3"}) == 3


def told(bundle: int, *parts: int, other: int = 3) -> dict[str, Any]:
    """A shipment with its order's head: one bundle of two components, one piece each, and three pieces beside it."""
    rows: list[dict[str, Any]] = [{"item_id": 3, "product_type": "bundle", "qty_ordered": 1, "qty_shipped": bundle}]
    rows += [
        {"item_id": 4 + number, "parent_item_id": 3, "product_type": "simple", "qty_ordered": 1, "qty_shipped": shipped}
        for number, shipped in enumerate(parts)
    ]
    rows.append({"item_id": 9, "product_type": "simple", "qty_ordered": 3, "qty_shipped": other})
    return {"order": {"state": "complete", "items": rows}}


@pytest.mark.rule("fulfilment.complete_per_line")
@pytest.mark.parametrize(
    ("shipment", "completes"),
    [
        (told(0, 0, 0), False),
        (told(1, 0, 0), True),
        (told(1, 1, 0), False),
        (told(2, 1, 1), True),
        (told(1, 0, 0, other=2), False),
        (told(2, 1, 1, other=2), False),
    ],
)
def test_an_order_is_complete_when_each_of_its_lines_has_left_whatever_its_state_says(
    shipment: dict[str, Any], completes: bool
) -> None:
    assert web_shipment_completes(shipment) is completes


ORDERED = [
    {"item_id": 3, "product_type": "bundle", "sku": "BUN", "qty_ordered": 2},
    {"item_id": 4, "parent_item_id": 3, "product_type": "simple", "sku": "B1", "qty_ordered": 4},
    {"item_id": 5, "parent_item_id": 3, "product_type": "simple", "sku": "B2", "qty_ordered": 2},
    {"item_id": 6, "parent_item_id": 3, "product_type": "virtual", "sku": "V", "qty_ordered": 2, "is_virtual": 1},
    {"item_id": 9, "product_type": "simple", "sku": "S9", "qty_ordered": 3},
]


@pytest.mark.rule("fulfilment.ship_together")
@pytest.mark.parametrize(
    ("left", "lines"),
    [
        ({3: 1, 9: 3}, [("4", "B1", D(2)), ("5", "B2", D(1)), ("9", "S9", D(3))]),
        ({4: 2}, [("4", "B1", D(2))]),
        ({3: 1, 4: 2}, [("4", "B1", D(2))]),
    ],
)
def test_what_the_web_store_shipped_of_a_bundle_is_told_as_its_components(
    left: dict[int, int], lines: list[tuple[str, str, Decimal]]
) -> None:
    skus = {item["item_id"]: item["sku"] for item in ORDERED}
    items = [{"order_item_id": item, "sku": skus[item], "qty": pieces} for item, pieces in left.items()]
    shipped = web_shipment_lines({"items": items, "order": {"items": ORDERED}})
    assert [(line["line_id"], line["sku"], line["quantity"]) for line in shipped] == lines

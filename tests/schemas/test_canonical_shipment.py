"""A shipment says what left, from where; its tracks may come later."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.canonical import Shipment
from tests.schemas.golden import golden


def shipment(name: str = "without_a_track", **changes: Any) -> Shipment:
    return Shipment.model_validate(golden("shipment", name, **changes))


def test_without_lines_it_would_ship_everything_left() -> None:
    with pytest.raises(ValidationError, match="names no lines, which would ship everything that is left"):
        shipment(lines=[])


def test_an_order_that_is_ready_for_pickup_needs_none() -> None:
    assert shipment(lines=[], ready_for_pickup=True).lines == ()


def test_the_location_is_never_left_to_magento() -> None:
    with pytest.raises(ValidationError, match="location"):
        shipment(location="")


def test_a_track_that_comes_later_belongs_to_the_same_shipment() -> None:
    first, later = shipment(), shipment("its_tracks_came_later")
    assert first.tracks == ()
    assert (later.ref, later.lines, later.shipped_at) == (first.ref, first.lines, first.shipped_at)
    assert later.updated_at > first.updated_at


@pytest.mark.parametrize("track", [{"carrier": "ups", "number": ""}, {"carrier": "", "number": "1Z1"}, {"number": "1"}])
def test_a_track_has_a_carrier_and_a_number(track: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        shipment(tracks=[track])


@pytest.mark.parametrize("key", ["sale", "sale_number", "channel", "updated_at"])
def test_it_says_whose_it_is(key: str) -> None:
    values = golden("shipment", "without_a_track")
    del values[key]
    with pytest.raises(ValidationError, match=key):
        Shipment.model_validate(values)

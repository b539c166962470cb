"""The day on which a shop books something."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.documents import Channel
from streams.business_date import bounds, business_date

NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(["America/New_York", "Pacific/Auckland", "Asia/Kolkata", "UTC", "America/Los_Angeles"])


@pytest.mark.rule("money.business_date")
def test_a_late_sale_belongs_to_the_day_on_the_shops_clock() -> None:
    assert business_date(datetime(2026, 3, 1, 3, 30, tzinfo=UTC), NEW_YORK) == date(2026, 2, 28)
    with pytest.raises(ValueError, match="no time zone"):
        business_date(datetime(2026, 3, 1, 3, 30), NEW_YORK)  # noqa: DTZ001


def test_a_day_has_the_hours_that_its_clock_shows() -> None:
    first, following = bounds(date(2026, 3, 8), NEW_YORK)
    assert first == datetime(2026, 3, 8, 5, tzinfo=UTC)
    assert following - first == timedelta(hours=23)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), ZONES)  # noqa: DTZ001
def test_every_moment_is_in_exactly_the_day_that_it_is_booked_on(at: datetime, name: str) -> None:
    zone, moment = ZoneInfo(name), at.replace(tzinfo=UTC)
    day = business_date(moment, zone)
    first, following = bounds(day, zone)
    assert first <= moment < following
    assert bounds(day + timedelta(days=1), zone)[0] == following


@pytest.mark.rule("money.business_date")
def test_a_location_may_have_a_time_zone_of_its_own() -> None:
    channel = Channel(
        web="web", pos="pos", location="MAIN", time_zone="America/New_York", time_zones={"WEST": "America/Los_Angeles"}
    )
    assert [channel.zone_of(name).key for name in ("MAIN", "WEST")] == ["America/New_York", "America/Los_Angeles"]
    with pytest.raises(ValidationError, match="write it like America/New_York"):
        Channel(web="web", pos="pos", location="MAIN", time_zone="Eastern")

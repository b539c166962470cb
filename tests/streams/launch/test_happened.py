"""When what an entity tells of happened, whatever was told of it later."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from schemas.canonical.registry import read_canonical
from streams.launch.happened import happened_at
from tests.schemas.golden import golden

PLACED = datetime(2026, 11, 23, 22, 11, 18, tzinfo=UTC)
LATER = "2026-11-25T10:00:00Z"


@pytest.mark.rule("starting.older_links_only")
def test_what_a_card_pays_happened_when_its_order_was_placed() -> None:
    document = golden("gift_card_redemption", "held", updated_at=LATER, placed_at=PLACED.isoformat(), schema_version=2)
    assert happened_at(read_canonical("gift_card_redemption", orjson.dumps(document))) == PLACED


def test_one_that_does_not_tell_when_counts_as_young_as_its_last_change() -> None:
    document = golden("gift_card_redemption", "held", updated_at=LATER)
    told = happened_at(read_canonical("gift_card_redemption", orjson.dumps(document)))
    assert told == datetime.fromisoformat(LATER)

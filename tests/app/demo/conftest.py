from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.demo.books_in_balance import Paid, Shops
from tests.app.demo.stage import Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The demo's shop in both sandboxes."""
    async with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture
def shops(tmp_path: Path) -> Shops:
    """Books of both sandboxes, in balance."""
    return Shops(tmp_path)


@pytest.fixture
def paid(shops: Shops) -> Paid:
    """The same books, of an order that went all the way."""
    return Paid(shops)

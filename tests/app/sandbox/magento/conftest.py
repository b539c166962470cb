from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.sandbox.magento.storefront import Storefront, Watch, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Storefront]:
    """An Open Source shop."""
    async with open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def timed(tmp_path: Path, watch: Watch) -> AsyncIterator[Storefront]:
    """A shop by that clock."""
    async with open_shop(tmp_path, clock=watch) as opened:
        yield opened

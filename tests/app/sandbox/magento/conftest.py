from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.sandbox.magento.storefront import Storefront, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Storefront]:
    """An Open Source shop."""
    async with open_shop(tmp_path) as opened:
        yield opened

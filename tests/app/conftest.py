"""The two sandboxes, for tests of what reads or writes both systems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.systems import PosSystem, WebSystem, heartland_sandbox, magento_sandbox


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[WebSystem]:
    async with magento_sandbox(tmp_path) as system:
        yield system


@pytest.fixture
async def pos(tmp_path: Path) -> AsyncIterator[PosSystem]:
    async with heartland_sandbox(tmp_path) as system:
        yield system

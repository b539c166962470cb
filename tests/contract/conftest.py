"""Each suite of a connector's port runs on the sandbox and, where one is named, on a real test store."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.systems import (
    PosSystem,
    WebSystem,
    heartland_sandbox,
    implementations,
    magento_sandbox,
    real_heartland,
    real_magento,
)


@pytest.fixture(params=implementations("MAGENTO_TEST_URL"))
async def web(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WebSystem]:
    """A Magento."""
    async with magento_sandbox(tmp_path) if request.param == "sandbox" else real_magento() as system:
        yield system


@pytest.fixture(params=implementations("HEARTLAND_TEST_URL"))
async def pos(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PosSystem]:
    """A Heartland."""
    async with heartland_sandbox(tmp_path) if request.param == "sandbox" else real_heartland() as system:
        yield system


@pytest.fixture
def email() -> str:
    """Of a customer whom neither system knows."""
    return f"Ann.{secrets.token_hex(4)}@example.com"

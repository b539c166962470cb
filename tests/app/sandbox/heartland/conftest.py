from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.sandbox.heartland.account import Account, SetClock, open_account


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def account(tmp_path: Path, clock: SetClock) -> AsyncIterator[Account]:
    """An account whose time stands still unless the test moves it."""
    async with open_account(tmp_path, clock=clock) as opened:
        yield opened

"""What the poller tells of checks that commands have made."""

from __future__ import annotations

import pytest

from app.upkeep.checks_watch import EVERY_SECONDS, ChecksWatch
from streams.metrics import Metrics
from streams.ports import CheckNumber, CheckResult
from tests.twins.checks import MemoryChecks
from tests.twins.clock import START, FakeClock

NUMBERS = (CheckNumber(("web", "order"), 2), CheckNumber(("sold", "order"), 1))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


async def test_results_are_told_as_they_are_kept(metrics: Metrics) -> None:
    checks, read = MemoryChecks(), metrics.registry.get_sample_value
    watch = ChecksWatch(checks, {"web": None, "pos": None}, FakeClock(), metrics)
    assert await watch.once() == EVERY_SECONDS
    assert read("tillstream_check_failed", {"check": "balance"}) is None
    await checks.keep(CheckResult("balance", START, failed=True, numbers=NUMBERS))
    await watch.once()
    assert read("tillstream_check_failed", {"check": "balance"}) == 1
    assert read("tillstream_balance_missing_receipts", {"connection": "web", "entity": "order"}) == 2
    await watch.close()


async def test_a_connection_that_the_settings_no_longer_name_is_not_told(metrics: Metrics) -> None:
    checks = MemoryChecks()
    await checks.keep(CheckResult("balance", START, failed=True, numbers=NUMBERS))
    await ChecksWatch(checks, {"web": None}, FakeClock(), metrics).once()
    assert 'connection="web"' in metrics.exposition().decode()
    assert 'connection="sold"' not in metrics.exposition().decode()

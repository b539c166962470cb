"""Metrics of checks, of what expires, and of workers that come and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from streams.metrics import Metrics
from streams.ports import CheckNumber, CheckResult
from tests.twins.clock import START, FakeClock

BALANCE = CheckResult(
    "balance", START, failed=True, numbers=(CheckNumber(("web", "order"), 2), CheckNumber(("pos", "stock"), 0))
)
STOCK = CheckResult("stock", START, failed=False, numbers=(CheckNumber(("web",), 7),))


def told(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tillstream_{name}", labels)


def test_a_check_is_told_with_its_age_as_it_is_when_somebody_asks() -> None:
    metrics, clock = Metrics(), FakeClock()
    metrics.upkeep.checks([BALANCE, STOCK], clock)
    clock.move(90)
    assert told(metrics, "check_age_seconds", check="balance") == 90
    assert told(metrics, "check_failed", check="balance") == 1
    assert told(metrics, "check_failed", check="stock") == 0


def test_numbers_of_a_check_are_told_zeros_among_them() -> None:
    metrics = Metrics()
    metrics.upkeep.checks([BALANCE, STOCK], FakeClock())
    assert told(metrics, "balance_missing_receipts", connection="web", entity="order") == 2
    assert told(metrics, "balance_missing_receipts", connection="pos", entity="stock") == 0
    assert told(metrics, "stock_drift_skus", connection="web") == 7


def test_what_the_last_results_do_not_have_is_forgotten() -> None:
    metrics, clock = Metrics(), FakeClock()
    metrics.upkeep.checks([BALANCE, STOCK], clock)
    metrics.upkeep.checks([replace(BALANCE, numbers=BALANCE.numbers[:1])], clock)
    assert told(metrics, "balance_missing_receipts", connection="web", entity="order") == 2
    assert told(metrics, "balance_missing_receipts", connection="pos", entity="stock") is None
    assert told(metrics, "check_age_seconds", check="stock") is None
    assert told(metrics, "check_failed", check="stock") is None
    assert told(metrics, "stock_drift_skus", connection="web") is None


def test_a_check_without_numbers_of_its_own_is_told_all_the_same() -> None:
    metrics = Metrics()
    metrics.upkeep.checks([CheckResult("payments", START, failed=True, numbers=STOCK.numbers)], FakeClock())
    assert told(metrics, "check_failed", check="payments") == 1
    assert told(metrics, "stock_drift_skus", connection="web") is None


def test_a_token_that_is_not_renewed_runs_below_zero_and_a_new_one_counts_anew() -> None:
    metrics, clock = Metrics(), FakeClock()
    metrics.upkeep.token_until("pos", START + timedelta(seconds=60), clock=clock)
    clock.move(90)
    assert told(metrics, "token_expiry_seconds", connection="pos") == -30
    metrics.upkeep.token_until("pos", START + timedelta(seconds=3690), clock=clock)
    assert told(metrics, "token_expiry_seconds", connection="pos") == 3600


def test_certificates_and_secrets_that_are_gone_are_no_longer_told() -> None:
    metrics = Metrics()
    metrics.upkeep.certificates_expire({"web": 5.0, "pos": 6.0})
    metrics.upkeep.secrets_expire({"web": 7.0})
    metrics.upkeep.certificates_expire({"pos": 4.0})
    metrics.upkeep.secrets_expire({})
    assert told(metrics, "certificate_expiry_seconds", connection="web") is None
    assert told(metrics, "certificate_expiry_seconds", connection="pos") == 4
    assert told(metrics, "secret_expiry_seconds", connection="web") is None


def test_a_process_tells_its_role() -> None:
    metrics = Metrics()
    assert told(metrics, "role_state", process_role="deliver-pos") is None
    metrics.upkeep.runs("deliver-pos")
    assert told(metrics, "role_state", process_role="deliver-pos") == 1


def test_a_recovery_is_asked_for_and_rebalances_are_counted_by_group() -> None:
    metrics, running = Metrics(), [0.0]
    metrics.upkeep.watch_recovery(lambda: running[0])
    running[0] = 12.5
    for _ in range(2):
        metrics.upkeep.rebalanced("tillstream.inventory")
    assert told(metrics, "table_recovery_seconds") == 12.5
    assert told(metrics, "rebalances_total", group="tillstream.inventory") == 2

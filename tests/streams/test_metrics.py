from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.envelope import Via
from streams.metrics import Described, Metrics, document
from streams.ports import HoldReason, JournalEntry, Outcome

UNITS = {
    "currency units",
    "receipts",
    "requests",
    "records",
    "tries",
    "rows",
    "seconds",
    "bytes",
    "state",
    "ratio",
    "requests per second",
    "SKUs",
    "rebalances",
}


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def entry(outcome: Outcome) -> JournalEntry:
    return JournalEntry(
        receipt_id="r1",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        stage="deliver",
        outcome=outcome,
        flow="order",
        target="pos",
    )


@pytest.mark.parametrize("described", document(), ids=lambda metric: metric.name)
def test_every_metric_has_a_name_by_the_rule_a_unit_and_help(described: Described) -> None:
    assert re.fullmatch(
        r"tillstream_[a-z_]+_(total|seconds|bytes|records|receipts|skus|state|failed|rate|ratio|amount)", described.name
    )
    assert described.unit in UNITS
    assert described.help.endswith(".")
    assert len(described.help) > 20
    assert (described.kind == "counter") == described.name.endswith("_total")


def test_what_is_documented_is_what_is_served() -> None:
    served = {family.name for family in text_string_to_metric_families(Metrics().exposition().decode())}
    assert served == {metric.name.removesuffix("_total") for metric in document()}


def test_a_partition_is_told_to_be_halted_or_not() -> None:
    metrics = Metrics()
    place = {"topic": "canonical.sale", "partition": "3"}
    metrics.partition_halted("canonical.sale", 3, halted=True)
    assert sample(metrics, "tillstream_partition_state", **place) == 1
    metrics.partition_halted("canonical.sale", 3, halted=False)
    assert sample(metrics, "tillstream_partition_state", **place) == 0


def test_two_processes_parts_do_not_share_a_registry() -> None:
    first, second = Metrics(), Metrics()
    first.received("web", "order", Via.WEBHOOK)
    labels = {"connection": "web", "entity": "order", "via": "webhook"}
    assert sample(first, "tillstream_receipts_total", **labels) == 1
    assert sample(second, "tillstream_receipts_total", **labels) is None


def test_a_delivered_receipt_counts_as_outcome_as_delivered_and_in_the_latency() -> None:
    metrics = Metrics()
    metrics.ended(entry(Outcome.DELIVERED), 0.04)
    assert sample(metrics, "tillstream_outcomes_total", stage="deliver", outcome="delivered") == 1
    assert sample(metrics, "tillstream_delivered_total", target="pos", flow="order") == 1
    assert sample(metrics, "tillstream_latency_seconds_sum", target="pos", flow="order") == pytest.approx(0.04)


def test_another_outcome_has_no_latency() -> None:
    metrics = Metrics()
    metrics.ended(entry(Outcome.PARKED), 4)
    assert sample(metrics, "tillstream_outcomes_total", stage="deliver", outcome="parked") == 1
    assert sample(metrics, "tillstream_latency_seconds_count", target="pos", flow="order") is None


def test_failures_are_counted_by_class() -> None:
    metrics = Metrics()
    metrics.failed("deliver", "pos", "Throttled")
    assert sample(metrics, "tillstream_failures_total", stage="deliver", target="pos", error="Throttled") == 1


def test_the_age_is_told_and_of_a_topic_that_keeps_all_no_ratio() -> None:
    metrics = Metrics()
    place = {"topic": "canonical.sale", "partition": "3"}
    metrics.oldest_unfinished("canonical.sale", 3, 60.0, 0.5)
    assert sample(metrics, "tillstream_oldest_unfinished_seconds", **place) == 60
    assert sample(metrics, "tillstream_retention_used_ratio", **place) == 0.5
    metrics.oldest_unfinished("canonical.sale", 3, 61.0, None)
    assert sample(metrics, "tillstream_retention_used_ratio", **place) is None


def test_nothing_is_told_of_a_partition_that_was_revoked() -> None:
    metrics = Metrics()
    for partition in (3, 4):
        metrics.lag("canonical.sale", partition, 17)
        metrics.oldest_unfinished("canonical.sale", partition, 60.0, 0.5)
        metrics.partition_halted("canonical.sale", partition, halted=True)
    metrics.forget_partition("canonical.sale", 3)
    told = [line for line in metrics.exposition().decode().splitlines() if 'topic="canonical.sale"' in line]
    assert len(told) == 4
    assert all('partition="4"' in line for line in told)


@pytest.mark.parametrize(("status", "label"), [(201, "2xx"), (429, "4xx"), (503, "5xx"), (None, "error")])
def test_http_requests_are_grouped_by_status_class(status: int | None, label: str) -> None:
    metrics = Metrics()
    metrics.http_took("web", "read_order", status, 0.2)
    labels = {"connection": "web", "operation": "read_order", "status": label}
    assert sample(metrics, "tillstream_http_request_seconds_count", **labels) == 1


def test_gauges_that_ask_are_asked_when_read() -> None:
    metrics = Metrics()
    gap = [5.0]
    metrics.watch_poll_gap("web.order", lambda: gap[0])
    metrics.watch_publish_buffer(lambda: 7, lambda: 700)
    gap[0] = 65.0
    assert sample(metrics, "tillstream_poll_gap_seconds", feed="web.order") == 65
    assert sample(metrics, "tillstream_publish_buffer_records") == 7
    assert sample(metrics, "tillstream_publish_buffer_bytes") == 700


def test_a_targets_gate_is_asked_when_read() -> None:
    metrics = Metrics()
    metrics.watch_gate("pos", lambda: 2, lambda: 0.5)
    assert sample(metrics, "tillstream_breaker_state", target="pos") == 2
    assert sample(metrics, "tillstream_budget_rate", target="pos") == 0.5


def test_the_rest_is_counted_where_it_belongs() -> None:
    metrics = Metrics()
    metrics.refused(401, "unauthorised")
    metrics.published("raw.magento.order", 3)
    metrics.publish_took(0.002)
    metrics.polled("web.order", published=2, seen=5)
    metrics.in_flight("deliver", 4)
    metrics.held(HoldReason.PERSON, 2)
    metrics.stage_took("normalize", 0.001)
    assert sample(metrics, "tillstream_refusals_total", status="401", reason="unauthorised") == 1
    assert sample(metrics, "tillstream_published_total", topic="raw.magento.order") == 3
    assert sample(metrics, "tillstream_publish_seconds_count") == 1
    assert sample(metrics, "tillstream_polled_total", feed="web.order", result="seen") == 5
    assert sample(metrics, "tillstream_in_flight_records", stage="deliver") == 4
    assert sample(metrics, "tillstream_held_records", reason="person") == 2
    assert sample(metrics, "tillstream_stage_seconds_count", stage="normalize") == 1


def test_memory_is_that_of_a_running_process() -> None:
    memory = sample(Metrics(), "tillstream_memory_bytes")
    assert memory is not None
    assert 5_000_000 < memory < 5_000_000_000

"""Kafka and the processes: who is there, what is unfinished, and whether Kafka keeps it long enough."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from helm.dashboards.frame import ROLE, filled, frame
from helm.dashboards.panels import (
    GREEN,
    NONE_ALLOWED,
    RED,
    THIRD,
    Limits,
    Panel,
    Query,
    lines,
    number,
    states,
)
from helm.dashboards.queries import (
    OF_ROLE,
    highest,
    or_zero,
    quantile,
    rate,
    series,
    total,
)

REBALANCES, RECOVERY = "tillstream_rebalances_total", "tillstream_table_recovery_seconds"
LAG, OLDEST = "tillstream_lag_records", "tillstream_oldest_unfinished_seconds"
PUBLISH = "tillstream_publish_seconds"
OURS = series("up", 'job="tillstream"', OF_ROLE)
RETENTION = Limits(amber=0.5, red=0.8)


def build() -> Dashboard:
    """The dashboard for whoever runs the processes."""
    about = "Lag, retention, rebalances, table recovery and memory."
    board = frame("workers", "Kafka and workers", about, ROLE)
    return filled(board, {"Now": _now(), "Unfinished": _unfinished(), "Groups": _groups(), "Publishing": _publishing()})


def _now() -> list[Panel]:
    return [
        number(
            "Processes that do not answer",
            "Roles that Prometheus looks for and cannot reach.",
            "short",
            Query(f"sum({OURS} == bool 0)", "processes"),
            limits=NONE_ALLOWED,
        ),
        number(
            "Unread records",
            "Between the committed offsets and the ends of the partitions, over all groups.",
            "short",
            Query(total(LAG, OF_ROLE), "records"),
        ),
        number(
            "Oldest unfinished",
            "Age of the oldest record that a worker has taken and not finished.",
            "s",
            Query(highest(OLDEST, OF_ROLE), "age"),
            limits=Limits(amber=300, red=3600),
        ),
        number(
            "Retention used",
            "That age as a part of how long Kafka keeps the record. At 100 % it is lost.",
            "percentunit",
            Query(highest("tillstream_retention_used_ratio", OF_ROLE), "used"),
            limits=RETENTION,
        ),
        number(
            "Halted partitions",
            "They wait at a record that a newer version wrote: start workers of that version.",
            "short",
            Query(total("tillstream_partition_state", OF_ROLE), "partitions"),
            limits=NONE_ALLOWED,
        ),
        number(
            "Table recovery",
            "How long inventory's table has been rebuilding from its changelog; 0 if it is not.",
            "s",
            Query(highest(RECOVERY), "recovers since"),
            limits=Limits(amber=60, red=600),
        ),
    ]


def _unfinished() -> list[Panel]:
    return [
        lines(
            "Lag, by role and topic",
            "It comes and goes; what only grows needs more workers, or a target that answers.",
            "short",
            Query(total(LAG, OF_ROLE, by=("role", "topic")), "{{role}} {{topic}}"),
            width=THIRD,
        ),
        lines(
            "Oldest unfinished, by role and topic",
            "Age of the oldest record that was taken and not finished; 0 if there is none.",
            "s",
            Query(highest(OLDEST, OF_ROLE, by=("role", "topic")), "{{role}} {{topic}}"),
            width=THIRD,
        ),
        lines(
            "Retention used, by topic",
            "Records older than Kafka's retention are lost. Alarm at 80 %.",
            "percentunit",
            Query(highest("tillstream_retention_used_ratio", OF_ROLE, by=("topic",)), "{{topic}}"),
            width=THIRD,
            limits=RETENTION,
        ),
    ]


def _groups() -> list[Panel]:
    return [
        lines(
            "In flight",
            "Records that a stage has taken from Kafka and not finished; bounded by `worker.capacity`.",
            "short",
            Query(total("tillstream_in_flight_records", OF_ROLE, by=("role",)), "{{role}}"),
            width=THIRD,
        ),
        lines(
            "Rebalances",
            "Times that workers were given partitions anew, in ten minutes. Many without a deployment mean that "
            "workers come and go, or answer Kafka too late.",
            "short",
            Query(or_zero(f"sum by (group) (increase({series(REBALANCES, OF_ROLE)}[10m]))"), "{{group}}"),
            width=THIRD,
        ),
        lines(
            "Table recovery, by worker",
            "How long each inventory worker has been rebuilding its table.",
            "s",
            Query(highest(RECOVERY, by=("instance",)), "{{instance}}"),
            width=THIRD,
            limits=Limits(amber=60, red=600),
        ),
        states(
            "Processes",
            "Whether each answers Prometheus.",
            Query(f"max by (role, instance) ({OURS})", "{{role}} {{instance}}"),
            {0: ("gone", RED), 1: ("there", GREEN)},
            width=THIRD,
        ),
        lines(
            "Memory",
            "Resident memory of each process.",
            "bytes",
            Query(highest("tillstream_memory_bytes", OF_ROLE, by=("role", "instance")), "{{role}} {{instance}}"),
            width=THIRD,
        ),
        lines(
            "Work of a stage",
            "Batches of a key that each stage finishes.",
            "ops",
            Query(rate("tillstream_stage_seconds_count", OF_ROLE, by=("stage",)), "{{stage}}"),
            width=THIRD,
        ),
    ]


def _publishing() -> list[Panel]:
    return [
        lines(
            "Published, by topic",
            "Records that Kafka acknowledged with acks=all.",
            "ops",
            Query(rate("tillstream_published_total", OF_ROLE, by=("topic",)), "{{topic}}"),
            width=THIRD,
            stacked=True,
        ),
        lines(
            "How long Kafka takes to acknowledge",
            "Over all that publish.",
            "s",
            Query(quantile(0.5, PUBLISH, OF_ROLE), "p50"),
            Query(quantile(0.99, PUBLISH, OF_ROLE), "p99"),
            width=THIRD,
        ),
        lines(
            "Handed to Kafka, not acknowledged",
            "Where this stays high, the brokers are slow.",
            "bytes",
            Query(total("tillstream_publish_buffer_bytes", OF_ROLE, by=("role",)), "{{role}}"),
            width=THIRD,
        ),
    ]

"""Metrics of what needs looking after: checks that commands make, what expires, which roles run and how workers come
and go, and the money in flight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from prometheus_client import Gauge

from streams.metrics.declarations import Declarations
from streams.ports import CheckResult, Clock

BALANCE, STOCK = "balance", "stock"
"""The checks whose numbers are metrics of their own."""


class Upkeep:
    """Told by the poller (checks, certificates, secrets, money in flight), the connectors (tokens), the workers (their
    group) and every process (its role)."""

    def __init__(self, declare: Declarations) -> None:
        self._role = declare.gauge(
            "tillstream_role_state",
            "state",
            "1 while a process of that role runs: `ingress`, `poll`, `normalize`, `inventory`, `deliver-CONNECTION`.",
            ("process_role",),  # scrape configurations set `role` themselves, and would rename ours
        )
        self._checked = declare.gauge(
            "tillstream_check_age_seconds",
            "seconds",
            "Time since a check by a command (balance, stock, orders, payments, customers, doctor) last came to its "
            "end. Every poller tells it of every check.",
            ("check",),
        )
        self._failed = declare.gauge(
            "tillstream_check_failed",
            "state",
            "Whether that check found something to mend: 0 it did not, 1 it did.",
            ("check",),
        )
        self._missing = declare.gauge(
            "tillstream_balance_missing_receipts",
            "receipts",
            "Receipts, and events that they caused, that the last `tillstream balance` could not account for, by what "
            "the door had taken. Alarm above 0.",
            ("connection", "entity"),
        )
        self._drift = declare.gauge(
            "tillstream_stock_drift_skus",
            "SKUs",
            "SKUs whose stock in that web store was not what the point of sale gives it, by the last "
            "`tillstream reconcile stock`.",
            ("connection",),
        )
        self._numbers = {BALANCE: self._missing, STOCK: self._drift}
        self._token = declare.gauge(
            "tillstream_token_expiry_seconds",
            "seconds",
            "Time left of the access token in use. It is renewed by itself a minute before its end, when the "
            "connection is next used; below 0 it was not used since, or cannot be renewed.",
            ("connection",),
        )
        self._secret = declare.gauge(
            "tillstream_secret_expiry_seconds",
            "seconds",
            "Time left of a connection's secrets, where `connections.NAME.secrets_expire` says when they end.",
            ("connection",),
        )
        self._certificate = declare.gauge(
            "tillstream_certificate_expiry_seconds",
            "seconds",
            "Time left of the TLS certificate that is shown at a connection's address, at Kafka's "
            "(`kafka.bootstrap_servers`) and at the door's (`ingress.public_url`).",
            ("connection",),
        )
        self._recovery = declare.gauge(
            "tillstream_table_recovery_seconds",
            "seconds",
            "How long this worker has been rebuilding its table from the changelog; 0 if it is not.",
            (),
        )
        self._in_flight = declare.gauge(
            "tillstream_orders_in_flight_amount",
            "currency units",
            "What the orders are worth that are under way to a point of sale, an order's newest telling alone: queued "
            "in Kafka, or held for a time, a link or a person. Every poller tells it.",
            ("target", "currency", "where"),
        )
        self._rebalances = declare.counter(
            "tillstream_rebalances_total",
            "rebalances",
            "Times that this worker was given partitions anew, its start among them.",
            ("group",),
        )

    def runs(self, role: str) -> None:
        """This process is of that role."""
        self._role.labels(role).set(1)

    def orders_in_flight(self, target: str, amounts: Mapping[tuple[str, str], Decimal]) -> None:
        """What orders under way to a point of sale are worth, by currency and where they wait; others are not told."""
        self._in_flight.remove_by_labels({"target": target})
        for (currency, where), amount in amounts.items():
            self._in_flight.labels(target, currency, where).set(float(amount))

    # -- checks -----------------------------------------------------------------------------------------------

    def checks(self, results: Sequence[CheckResult], clock: Clock) -> None:
        """The last result of each check. What is not among them is no longer told."""
        for gauge in (self._checked, self._failed, self._missing, self._drift):
            gauge.clear()
        for result in results:
            self._checked.labels(result.check).set_function(_age_of(result, clock))
            self._failed.labels(result.check).set(result.failed)
            numbers = self._numbers.get(result.check)
            if numbers is not None:
                for number in result.numbers:
                    numbers.labels(*number.about).set(number.count)

    # -- what expires -----------------------------------------------------------------------------------------

    def token_until(self, connection: str, end: datetime, *, clock: Clock) -> None:
        """A connection has a new token, which ends then."""

        def seconds_left() -> float:
            return (end - clock.now()).total_seconds()

        self._token.labels(connection).set_function(seconds_left)

    def secrets_expire(self, seconds_left: Mapping[str, float]) -> None:
        """The time left of each connection's secrets; others are no longer told."""
        _only(self._secret, seconds_left)

    def certificates_expire(self, seconds_left: Mapping[str, float]) -> None:
        """The time left of each certificate, by the connection that shows it; others are no longer told."""
        _only(self._certificate, seconds_left)

    # -- workers ----------------------------------------------------------------------------------------------

    def watch_recovery(self, seconds: Callable[[], float]) -> None:
        """Ask for how long the table has been recovering whenever metrics are read."""
        self._recovery.set_function(seconds)

    def rebalanced(self, group: str) -> None:
        """This worker was given partitions anew."""
        self._rebalances.labels(group).inc()


def _age_of(result: CheckResult, clock: Clock) -> Callable[[], float]:
    def age() -> float:
        return (clock.now() - result.ended_at).total_seconds()

    return age


def _only(gauge: Gauge, values: Mapping[str, float]) -> None:
    """Exactly these are told; no scrape comes between."""
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)

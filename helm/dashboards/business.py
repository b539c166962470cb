"""Is the shop all right: orders, stock, overselling, money that is under way."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from helm.dashboards.frame import filled, frame
from helm.dashboards.panels import (
    NONE_ALLOWED,
    STALE,
    TALL,
    THIRD,
    Limits,
    Panel,
    Query,
    lines,
    number,
)
from helm.dashboards.queries import (
    agreed,
    grown,
    highest,
    lowest,
    or_zero,
    quantile,
    rate,
)

TAKEN, ORDER, STOCK = 'entity="order"', 'flow="order"', 'flow="stock"'
DELIVERED = "tillstream_delivered_total"
WINDOW = "tillstream_oversell_window_seconds"
LATENCY = "tillstream_latency_seconds"
HELD, FOR_A_PERSON = "tillstream_held_records", 'reason="person"'
MONEY, WHERE_IT_IS = "tillstream_orders_in_flight_amount", ("target", "currency", "where")
DRIFT = "tillstream_stock_drift_skus"
MINUTE = r'le=~"60(\\.0)?"'
"""Prometheus 2 keeps a bound as it was told, later ones write it their own way."""


def build() -> Dashboard:
    """The dashboard for whoever answers for the shop."""
    board = frame("business", "business", "Orders, stock accuracy, the oversell window and money in flight.")
    return filled(board, {"Now": _now(), "Orders": _orders(), "Money": _waiting(), "Stock": _stock()})


def _now() -> list[Panel]:
    return [
        number(
            "Orders delivered",
            "Web orders whose effect is done in the point of sale, in the time shown.",
            "short",
            Query(or_zero(grown(DELIVERED, ORDER)), "orders", instant=True),
        ),
        number(
            "Orders that took over a minute",
            "Of the orders delivered in the time shown, those that took longer than that from the door to the point of "
            "sale. After an outage there are many; otherwise there should be none.",
            "short",
            Query(
                or_zero(f"{grown(f'{LATENCY}_count', ORDER)} - {grown(f'{LATENCY}_bucket', ORDER, MINUTE)}"),
                "orders",
                instant=True,
            ),
            limits=Limits(amber=1),
        ),
        number(
            "Waits for a person",
            "Events in review: `tillstream dead-letters list` names them, with what mends each.",
            "short",
            Query(or_zero(agreed(HELD, FOR_A_PERSON, of=())), "events"),
            limits=NONE_ALLOWED,
        ),
        number(
            "Oversold pieces",
            "Sold in store and online at once, and not yet settled: `tillstream oversells` tells the ways out.",
            "short",
            Query(or_zero(highest("tillstream_oversold_records")), "pieces"),
            limits=NONE_ALLOWED,
        ),
        number(
            "SKUs with another stock",
            "SKUs whose stock in the web store was not what the point of sale gives it, at the last "
            "`tillstream reconcile stock`. Under Stock is told how long ago that was.",
            "short",
            Query(highest(DRIFT, by=("connection",)), "{{connection}}"),
            limits=NONE_ALLOWED,
        ),
        number(
            "Money in flight",
            "What the orders are worth that are under way to the point of sale: queued in Kafka, or held.",
            "locale",
            Query(agreed(MONEY, of=WHERE_IT_IS, by=("currency",)), "{{currency}}"),
        ),
    ]


def _orders() -> list[Panel]:
    return [
        lines(
            "Orders per minute",
            "What the door took (every telling of a change counts, by webhook and by list) and what was delivered. "
            "Delivered is lower: several tellings of one order become one.",
            "short",
            Query(f"60 * {rate('tillstream_receipts_total', TAKEN, by=('via',))}", "told by {{via}}"),
            Query(f"60 * ({or_zero(rate(DELIVERED, ORDER))})", "delivered"),
            width=THIRD,
        ),
        lines(
            "How long an order takes",
            "From the receipt at the door to the order in the point of sale.",
            "s",
            Query(quantile(0.5, LATENCY, ORDER), "p50"),
            Query(quantile(0.95, LATENCY, ORDER), "p95"),
            Query(quantile(0.99, LATENCY, ORDER), "p99"),
            width=THIRD,
            limits=Limits(amber=60),
        ),
        lines(
            "Delivered per hour, by flow",
            "All that reached the other system: orders, payments, shipments, refunds, customers, products, stock.",
            "short",
            Query(f"3600 * {rate(DELIVERED, by=('flow',))}", "{{flow}}"),
            width=THIRD,
            stacked=True,
        ),
    ]


def _waiting() -> list[Panel]:
    return [
        lines(
            "Money in flight, by where it waits",
            "The newest telling of each order that is under way to the point of sale. `queued` is in Kafka, and grows "
            "while the point of sale is down; what is held waits for a time, a link or a person. A change of an order "
            "that is there already counts, too.",
            "locale",
            Query(agreed(MONEY, of=WHERE_IT_IS, by=("currency", "where")), "{{currency}} {{where}}"),
            stacked=True,
        ),
        lines(
            "Held, by reason",
            "Events that wait: for a time and for a link they go on by themselves, for a person they do not.",
            "short",
            Query(agreed(HELD, of=("reason",), by=("reason",)), "{{reason}}"),
            stacked=True,
        ),
    ]


def _stock() -> list[Panel]:
    return [
        lines(
            "Oversell window",
            "Age of stock when the web store gets it, from its change in the point of sale.",
            "s",
            Query(quantile(0.5, WINDOW), "p50"),
            Query(quantile(0.95, WINDOW), "p95"),
            Query(quantile(0.99, WINDOW), "p99"),
            width=THIRD,
            limits=Limits(amber=10, red=60),
        ),
        lines(
            "Stock accuracy: SKUs with another stock",
            "By the last `tillstream reconcile stock`, per web store.",
            "short",
            Query(highest(DRIFT, by=("connection",)), "{{connection}}"),
            width=THIRD,
            limits=NONE_ALLOWED,
        ),
        number(
            "Last stock check",
            "How long ago `tillstream reconcile stock` last came to its end: what it counted is as old as this.",
            "s",
            Query(lowest("tillstream_check_age_seconds", 'check="stock"'), "age"),
            height=TALL,
            limits=STALE,
        ),
        number(
            "Stock written, per minute",
            "Quantities that the web store was given.",
            "short",
            Query(f"60 * ({or_zero(rate(DELIVERED, STOCK))})", "SKUs"),
            height=TALL,
        ),
    ]

"""What the bench makes of what it measured; the measuring itself is no test."""

from __future__ import annotations

import io

import orjson
import pytest
from rich.console import Console

from app.ingress.cards import may_carry_card_data
from tests.bench import orders
from tests.bench.latency import Noted, Quantiles, quantile, summary
from tests.bench.profiling import summary as profile_of
from tests.bench.report import Line, Part, show
from tests.bench.scale import BAR, WORKERS, part_of, rate_between
from tests.bench.sender import Sent, signed_request
from tests.streams.sale.real_orders import sale


def sent(orders_at: dict[int, float], refused: dict[int, int] | None = None) -> Sent:
    """Webhooks sent when they were due, and acknowledged 10 ms later."""
    accepted = {order: at + 0.01 for order, at in orders_at.items() if order not in (refused or {})}
    return Sent(dict(orders_at), dict(orders_at), accepted, refused or {})


def steady(count: int, per_second: float) -> dict[int, float]:
    return {order: order / per_second for order in range(count)}


def after(at: dict[int, float], seconds: float) -> Noted:
    return Noted({order: [moment + seconds] for order, moment in at.items()}, {o: m + 0.1 for o, m in at.items()})


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.95, 4.0), (0.99, 4.0), (0.25, 1.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], share) == expected


def test_nothing_measured_is_no_latency() -> None:
    assert Quantiles.of([]) == Quantiles(0, 0, 0, 0)


def test_a_pipeline_that_keeps_pace_is_told_so() -> None:
    at = steady(2000, 50.0)
    run = summary(50.0, sent(at), after(at, 0.02))
    assert run.whole.p99 == pytest.approx(20)
    assert run.after_ack.p50 == pytest.approx(10)
    assert run.kept_up
    assert not run.grows
    assert run.trouble == ""


def test_latency_that_grows_with_the_run_is_seen_before_the_pipeline_is_behind() -> None:
    at = steady(3000, 50.0)
    noted = Noted({order: [moment * 1.01 + 0.01] for order, moment in at.items()}, {o: m + 0.5 for o, m in at.items()})
    run = summary(50.0, sent(at), noted)
    assert run.kept_up
    assert run.grows


def test_a_pipeline_that_falls_behind_has_not_kept_up() -> None:
    at = steady(2000, 200.0)
    noted = Noted({o: [m * 2] for o, m in at.items()}, {o: m * 2 for o, m in at.items()})
    run = summary(200.0, sent(at), noted)
    assert not run.kept_up
    assert "behind" in run.trouble
    assert run.per_second_told == pytest.approx(100, rel=0.02)


def test_refused_lost_and_doubled_orders_are_told() -> None:
    at = steady(200, 200.0)
    noted = after(at, 0.02)
    created = {**noted.created, 7: [1.0, 2.0]}
    del created[9]
    run = summary(200.0, sent(at, {5: 503}), Noted(created, noted.told))
    assert (run.refused, run.lost, run.doubled) == (1, 1, 1)
    assert not run.kept_up


def test_a_late_sender_is_not_the_pipelines_fault_and_is_told() -> None:
    at = steady(100, 100.0)
    late = Sent(at, {order: moment + 0.2 for order, moment in at.items()}, {o: m + 0.21 for o, m in at.items()}, {})
    run = summary(100.0, late, after(late.at, 0.02))
    assert not run.sender_held
    assert run.kept_up
    assert "late" in run.trouble


def test_a_profile_counts_the_running_function_and_what_of_ours_it_runs_under() -> None:
    packages = "/x/.venv/lib/python3.11/site-packages"
    found = profile_of(
        [
            f"main (/x/app/cli.py:80);handle (/x/app/ingress/handler.py:9);dumps ({packages}/orjson/__init__.py:1) 6",
            "main (/x/app/cli.py:80);handle (/x/app/ingress/handler.py:12) 3",
            "run (/usr/lib/python3.11/asyncio/runners.py:118) 1",
            "not a stack",
        ]
    )
    assert found.samples == 10
    assert [(share.place, share.share) for share in found.modules] == [
        ("orjson", 0.6),
        ("app.ingress.handler", 0.3),
        ("asyncio", 0.1),
    ]
    assert [(share.place, share.share) for share in found.within] == [("app.ingress.handler:handle", 0.9)]


@pytest.mark.parametrize("order", range(10, 10 + len(orders.SHAPES)))
def test_every_shape_is_a_real_order_that_goes_to_the_point_of_sale(order: int) -> None:
    body = orders.body_of(order)
    document = orjson.loads(body)
    assert document["entity_id"] == order
    made = sale(document)
    assert made.number == orders.number_of(order)
    assert made.export.allowed
    assert not may_carry_card_data(body)


def test_a_request_says_how_long_it_is() -> None:
    head, _, body = signed_request("secret", 1, b'{"a":1}').partition(b"\r\n\r\n")
    assert body == b'{"a":1}'
    assert b"Content-Length: 7" in head
    assert b"webhook-signature: v1," in head


def test_a_bar_that_was_missed_is_shown_as_missed() -> None:
    out = io.StringIO()
    missed = Line("webhooks", "1/s", "2/s", 0.5, "≥ 0.8", met=False)
    show(Console(file=out, width=140), [Part("Ingress", [missed], {}, notes=["[x] is no markup"])])
    assert "NO" in out.getvalue()
    assert "[x] is no markup" in out.getvalue()


def test_a_rate_counts_what_happened_in_its_time_and_nothing_else() -> None:
    assert rate_between([0.9, 1.0, 2.0, 2.9, 3.0], 1.0, 3.0) == 1.5


@pytest.mark.parametrize(("rates", "kept"), [([5.0, 10.0, 20.0], True), ([5.0, 10.0, 5.0 * 4 * BAR - 0.1], False)])
def test_workers_that_hold_each_other_up_miss_the_bar(rates: list[float], kept: bool) -> None:
    lines = part_of(rates, [0.1] * len(WORKERS)).lines
    assert all(line.met for line in lines) is kept
    assert lines[1].ratio == 2.0

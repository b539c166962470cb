"""Bad orders on real workers: among good ones they cost themselves alone, as one block they stop the flow."""

from __future__ import annotations

import asyncio

import pytest
from rich.console import Console

from streams.runtime.flood import WINDOW
from tests.bench.poison import CUT, SPOILED, Report, run

SIZE = 600

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What came of as many bad as good orders, shuffled, and then of a block of bad ones."""
    return asyncio.run(run(SIZE, tmp_path_factory.mktemp("poison"), Console(quiet=True)))


def test_every_good_order_is_delivered_and_every_bad_one_is_in_review_with_its_reason(report: Report) -> None:
    assert report.problems == []
    assert (report.delivered, report.reviewed) == (SIZE, SIZE)
    assert report.reasons.keys() == {*SPOILED, CUT}


def test_the_same_bad_orders_as_one_block_stop_the_flow_and_a_restart_does_not_let_it_go_on(report: Report) -> None:
    assert 0 < report.stopped_after < WINDOW + 50, "those that were not kept: the window, and the good answers in it"
    assert report.held_after_restart == report.stopped_after
    assert " of the last 200 events failed" in report.stop


def test_a_resume_after_mending_one_cause_ends_all_that_waited(report: Report) -> None:
    assert report.block_delivered > 0
    assert report.block_delivered + report.block_reviewed == SIZE

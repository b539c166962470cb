"""What all tests share: the real servers, their markers, and the count of tests that ran on them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import settings

from tests.servers import VERSIONS

settings.register_profile("full", deadline=None)  # a busy machine must not fail a property
settings.register_profile("quick", settings.get_profile("full"), max_examples=10)
settings.register_profile("repeatable", settings.get_profile("full"), derandomize=True)  # the same verdict in every run
# A change must not fail in CI for what it did not bring: chance looks for more on everybody's own machine.
settings.load_profile("repeatable" if os.environ.get("CI") else "full")

pytest_plugins = [name for name in ("tests.kafka_broker", "tests.postgres_server") if find_spec(name)]

MARKER_OF_FIXTURE = {"kafka_bootstrap": "kafka", "own_broker": "kafka", "postgres_url": "postgres"}
"""A test that uses the fixture, directly or through another, gets the marker. An ``own_broker`` may be frozen."""
MARKERS = frozenset(MARKER_OF_FIXTURE.values())

_RAN: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RAN] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in MARKER_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and not report.skipped:
        item.config.stash[_RAN].update(marker for marker in MARKERS if item.get_closest_marker(marker))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes that share the tests tells the one that gave them out."""
    told, ran = getattr(session.config, "workeroutput", None), session.config.stash[_RAN]
    if told is not None:
        told |= {"ran": dict(ran), "versions": dict(VERSIONS)}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {})
    ran: Counter[str] = node.config.stash[_RAN]
    ran.update(told.get("ran", {}))
    VERSIONS.update(told.get("versions", {}))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The very last line, below pytest's own summary."""
    ran = config.stash[_RAN]
    if not ran or hasattr(config, "workerinput"):
        return
    words = [
        f"{name}: {ran[name]} tests on a real {noun}" for name, noun in (("kafka", "broker"), ("postgres", "server"))
    ]
    print(", ".join(f"{text} ({VERSIONS.get(text.partition(':')[0], 'not started')})" for text in words))  # noqa: T201

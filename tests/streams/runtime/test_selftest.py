"""The start is refused on libraries other than those that the private parts were checked on."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import faust.streams
import pytest
from aiokafka.consumer.fetcher import Fetcher
from faust.stores import memory
from faust.transport.drivers import aiokafka as driver

from streams.runtime import selftest
from streams.runtime.selftest import VERSIONS, WrongLibraries, check_libraries

ROOT = Path(__file__).parents[3]


def test_the_installed_libraries_pass() -> None:
    check_libraries()


def test_the_versions_are_those_that_the_project_pins() -> None:
    pinned = dict(re.findall(r'"([a-z-]+)==([0-9.]+)"', (ROOT / "pyproject.toml").read_text()))
    assert pinned == dict(VERSIONS)


def test_another_version_is_refused_by_name() -> None:
    with pytest.raises(WrongLibraries, match=r"aiokafka is 0\.15\.0, not 0\.14\.0.*requirements\.txt"):
        check_libraries(lambda name: "0.15.0" if name == "aiokafka" else version(name))


def test_a_method_that_has_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(driver.Producer, "_new_producer")
    with pytest.raises(WrongLibraries, match="Producer has no _new_producer"):
        check_libraries()


def test_an_attribute_that_has_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaner(self: object) -> None:
        """A constructor that sets nothing."""

    monkeypatch.setattr(Fetcher, "__init__", leaner)
    with pytest.raises(WrongLibraries, match="Fetcher has no _fetch_task"):
        check_libraries()


def test_faust_without_its_compiled_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust.streams, "_CStreamIterator", None)
    with pytest.raises(WrongLibraries, match="compiled parts are missing"):
        check_libraries()


def test_another_memory_store_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaner(self: object) -> None:
        """Keeps no partition of a key."""

    monkeypatch.setattr(memory.Store, "__post_init__", leaner)
    with pytest.raises(WrongLibraries, match="_key_partition"):
        check_libraries()


def test_everything_listed_is_private_or_overridden() -> None:
    listed = [name for names in (*selftest.METHODS.values(), *selftest.ATTRIBUTES.values()) for name in names]
    assert len(listed) > 30

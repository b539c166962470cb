"""The registry and the general mapping functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from streams.engine.builtins import registry
from streams.engine.functions import Registry, context_value, flag, lower, text, trim, upper, utc


@pytest.mark.parametrize(("value", "result"), [(None, ""), (7, "7"), (1.5, "1.5"), ("x", "x")])
def test_text(value: object, result: str) -> None:
    assert text(value) == result


@pytest.mark.parametrize("value", [True, [], {}])
def test_text_of_something_else_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="a string or a number is needed"):
        text(value)


def test_strings_are_shaped() -> None:
    assert (upper("aB"), lower("aB"), trim(" a ")) == ("AB", "ab", "a")
    with pytest.raises(TypeError, match="a string is needed"):
        upper(7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "result"), [(None, False), (0, False), (1, True), ("0", False), ("1", True), (True, True)]
)
def test_flag_reads_magentos_zero_and_one(value: object, result: bool) -> None:
    assert flag(value) is result


def test_flag_refuses_anything_else() -> None:
    with pytest.raises(TypeError, match="0, 1 or a boolean"):
        flag("yes")


def test_magentos_times_are_utc_and_others_keep_their_offset() -> None:
    assert utc("2026-11-23 22:00:18") == datetime(2026, 11, 23, 22, 0, 18, tzinfo=UTC)
    assert utc("2026-11-23T22:00:18-06:00").tzinfo == timezone(timedelta(hours=-6))
    with pytest.raises(ValueError, match="Invalid isoformat"):
        utc("yesterday")


def test_the_context_is_read_by_path() -> None:
    context = {"channel": {"name": "main"}, "object": SimpleNamespace(name="x")}
    assert context_value(context, "channel.name") == "main"
    assert context_value(context, "object.name") == "x"
    assert context_value(context, "channel.none.deeper") is None


def test_a_name_is_taken_once_and_jmespaths_own_are_taken() -> None:
    known = Registry()
    known.add(trim)
    with pytest.raises(ValueError, match="two mapping functions 'trim'"):
        known.add(trim)
    with pytest.raises(ValueError, match="two mapping functions 'length'"):
        known.add(trim, "length")


def test_every_built_in_function_is_documented() -> None:
    functions = list(registry())
    assert len(functions) > 20
    assert all(function.call.__doc__ for function in functions)

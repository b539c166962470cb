"""What commands are told on the command line, and by whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock
from app.commands.running import moment, whoami


def test_a_moment_is_an_age_or_a_time() -> None:
    assert moment("2026-11-24T10:00") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert moment("2026-11-24T10:00+02:00") == datetime(2026, 11, 24, 8, tzinfo=UTC)
    at = moment("2h")
    assert timedelta(hours=2) <= SystemClock().now() - at < timedelta(hours=2, minutes=1)
    with pytest.raises(ValueError, match="soon"):
        moment("soon")


def test_whoever_runs_it_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert whoami()

    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert whoami() == "an unnamed user"

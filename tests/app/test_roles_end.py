"""How a role's process ends, and what it says last."""

from __future__ import annotations

import pytest

from app import roles
from app.exit_codes import FAILED, OFFSETS_LOST
from app.parts import Parts
from app.settings import Settings
from streams.runtime.starting import Gap, OffsetsLost


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TILLSTREAM_STATUS__PORT", "0")
    return Settings.load()


def ending(monkeypatch: pytest.MonkeyPatch, settings: Settings, error: Exception) -> int:
    async def fail(_parts: Parts) -> None:
        raise error

    monkeypatch.setitem(roles._ROLES, "poll", fail)
    return roles.run("poll", settings, None)


def test_lost_offsets_end_it_with_a_code_of_their_own_and_the_commands_are_told_once(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    error = OffsetsLost("tillstream.normalize", (Gap("raw.magento.order", 3, 2, 4),))
    assert ending(monkeypatch, settings, error) == OFFSETS_LOST == 3
    told = capsys.readouterr().err
    assert "raw.magento.order 3 is processed up to offset 2, but its log starts at 4" in told
    assert told.count("tillstream offsets repair tillstream.normalize --apply\n") == 1
    assert "Traceback" not in told


def test_anything_else_is_started_again(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    assert ending(monkeypatch, settings, RuntimeError("a defect")) == FAILED == 1

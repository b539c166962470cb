"""What the doctor found is kept for the metrics."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from app.doctor import checks
from app.doctor.finding import Finding, ok, wrong
from app.settings import Settings, StoreSettings
from app.store import Store
from streams.ports import Clock


@pytest.mark.parametrize(("found", "code"), [(ok("kafka", "answers"), 0), (wrong("kafka", "is away"), 1)])
async def test_it_is_kept_whether_something_is_to_be_mended(
    found: Finding, code: int, store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def findings(_settings: Settings, _clock: Clock) -> list[Finding]:
        return [found]

    monkeypatch.setattr(checks, "findings", findings)
    assert await checks.run(Settings(store=StoreSettings(url=SecretStr(store_url)))) == code
    (kept,) = await store.checks.last()
    assert (kept.check, kept.failed) == ("doctor", bool(code))


async def test_a_store_that_is_away_does_not_hide_what_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def findings(_settings: Settings, _clock: Clock) -> list[Finding]:
        return [wrong("store", "is away")]

    monkeypatch.setattr(checks, "findings", findings)
    url = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
    assert await checks.run(Settings(store=StoreSettings(url=url))) == 1
    out, err = capsys.readouterr()
    assert "WRONG    store: is away" in out
    assert "The result was not kept for the metrics" in err

"""``tillstream oversells``, and what the doctor says, on a real store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from app.clock import SystemClock
from app.commands import oversells
from app.connections import MagentoConnection
from app.doctor import parts
from app.doctor.finding import Grade
from app.settings import Settings, StoreSettings
from app.store import Store
from streams.ports import Oversell, WayOut

SHORT = Oversell("MAIN", Decimal(1), Decimal("0.0000"), Decimal(0), ("web:order:42",), {"STORE2": Decimal(3)}, None)


@pytest.fixture
def settings(store_url: str) -> Settings:
    web = MagentoConnection.model_construct(system="magento", base_url="http://127.0.0.1:1")
    return Settings(store=StoreSettings(url=SecretStr(store_url))).model_copy(update={"connections": {"web": web}})


@pytest.fixture(autouse=True)
async def number(store: Store) -> int:
    await store.oversells.keep("pos", "A", [SHORT], SystemClock().now())
    (row,) = await store.oversells.waiting()
    return row.number


@pytest.mark.rule("stock.oversell_review")
async def test_an_oversell_is_listed_with_its_ways_out_and_the_command(
    settings: Settings, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await oversells.show_list(settings) == 0
    told = capsys.readouterr().out
    assert f"Oversell {number} (A at MAIN) since " in told
    assert "MAIN of pos has 0 on hand, 0 of them held for sales in store, and is 1 short" in told
    assert "web:order:42" in told
    assert "other-location: STORE2 has 3 free; backorder: " in told
    assert f"tillstream oversells decide {number} --way other-location|backorder|cancel-and-refund --reason WHY" in told
    assert "1 waiting for a person" in told


@pytest.mark.rule("stock.oversell_window")
async def test_the_window_is_told_beside_it(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await oversells.show_list(settings)
    assert "Oversell window of web: no stock was written in the last 24 hours" in capsys.readouterr().out
    for number in range(1, 101):
        sku = f"SKU-{number}"
        await store.written_stock.keep("web", {sku: {"main": Decimal(1)}}, {sku: timedelta(seconds=number / 10)})
    await oversells.show_list(settings)
    told = capsys.readouterr().out
    assert "Oversell window of web: its stock was 9.5 s old (p95), 9.9 s (p99), 100 SKUs in 24 hours" in told


async def test_what_a_person_does_is_kept_and_ends_the_waiting(
    settings: Settings, store: Store, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await oversells.decide(settings, number, WayOut.BACKORDER, by="ann", reason="comes on Monday") == 0
    assert "backorder, by ann" in capsys.readouterr().out
    kept = await store.oversells.get(number)
    assert kept is not None
    assert (kept.way, kept.decided_by, kept.reason) == (WayOut.BACKORDER, "ann", "comes on Monday")
    await oversells.show_list(settings)
    assert "Nothing is oversold" in capsys.readouterr().out


async def test_nothing_is_decided_of_what_is_over_or_never_was(
    settings: Settings, store: Store, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.oversells.keep("pos", "A", [], SystemClock().now())
    assert await oversells.decide(settings, number, WayOut.BACKORDER, by="ann", reason="late") == 1
    assert "there is enough for all web orders again" in capsys.readouterr().out
    assert await oversells.decide(settings, number + 9, WayOut.BACKORDER, by="ann", reason="late") == 1
    assert f"There is no oversell {number + 9}: see `tillstream oversells list`" in capsys.readouterr().out


async def test_the_doctor_tells_it(settings: Settings, number: int) -> None:
    (wrong,) = [finding for finding in await parts.store(settings, SystemClock()) if finding.grade is Grade.WRONG]
    assert (wrong.part, "'A' is sold in store and online" in wrong.message) == (f"oversell {number}", True)
    assert f"oversells decide {number} " in wrong.mend

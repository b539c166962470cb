"""``tillstream alias`` on a real store: what waits is shown first, and a SKU report is accepted at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.commands import aliases
from app.commands.spreadsheet import guarded, without_guard
from app.connections import HeartlandConnection, MagentoConnection
from app.settings import Settings, StoreSettings
from app.store import Store
from schemas.documents.channel import Channel
from schemas.ids import MissingLink, Ref
from streams.errors import Rejected
from streams.ports import Hold, HoldReason, Record
from tests.twins import claims

CHANNEL = Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN")
HEADER = "kind,sku in web,sku in pos"


def yes(_question: str) -> bool:
    return True


def no(_question: str) -> bool:
    return False


@pytest.fixture
def settings(store_url: str) -> Settings:
    connections = {
        "web": MagentoConnection(base_url="http://127.0.0.1:1", bearer_token=SecretStr("t")),
        "pos": HeartlandConnection(base_url="http://127.0.0.1:1", client_id="c", client_secret=SecretStr("s")),
    }
    return Settings(store=StoreSettings(url=SecretStr(store_url)), connections=connections, channels={"main": CHANNEL})


async def waits(store: Store, sku: str, order: str, offset: int = 1) -> None:
    missing = MissingLink(Ref("web", "sku", sku), "pos")
    hold = Hold(
        f"k{offset}", HoldReason.PERSON, "deliver", f"r{offset}", flow="order", target="pos", subject=order,
        waits_for=missing,
    )  # fmt: skip
    await claims.hold(store.held, "g", Record("canonical.sale", 0, offset, b"k", b"{}", (), 0), hold)


async def linked(store: Store, *skus: str) -> dict[str, str]:
    found = await store.links.find([Ref("web", "sku", sku) for sku in skus], "pos")
    return {one.native_id: other.native_id for one, other in found.items()}


def report(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "skus-web-pos.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


async def reasons(store: Store) -> Sequence[HoldReason]:
    return [event.held.hold.reason for event in await store.desk.find()]


@pytest.mark.rule("starting.alias_preview")
async def test_the_orders_that_an_alias_releases_are_shown_before_and_wait_if_nobody_agrees(
    settings: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await waits(store, "A", "000000042")
    wanted = aliases.Wanted("A", "B")
    assert await aliases.add(settings, wanted, no) == 1
    shown = capsys.readouterr().out
    assert "  releases 000000042 (order to pos, held since " in shown
    assert "Nothing is changed" in shown
    assert await linked(store, "A") == {}
    assert await reasons(store) == [HoldReason.PERSON]
    assert await aliases.add(settings, wanted, yes) == 0
    assert await reasons(store) == [HoldReason.TIME]


async def test_an_alias_that_nothing_waits_for_needs_no_question(settings: Settings, store: Store) -> None:
    assert await aliases.add(settings, aliases.Wanted("A", "B"), no) == 0
    assert await linked(store, "A") == {"A": "B"}


@pytest.mark.rule("starting.bulk_aliases")
@pytest.mark.rule("starting.alias_preview")
async def test_all_pairs_of_a_report_are_accepted_at_once_after_a_preview(
    settings: Settings, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await waits(store, "a 1", "000000042")
    await waits(store, "X", "000000043", 2)
    rows = ("exact,E,E", "near,a 1,A1", "barcode,X,4006381333931", "duplicate,D,d", "web_only,W,", "alias,D2,d2")
    path = report(tmp_path, *rows)
    assert await aliases.accept(settings, path, None, no) == 1
    shown = capsys.readouterr().out
    assert "'a 1' in web is 'A1' in pos" in shown
    assert ("releases 000000042" in shown, "releases 000000043" in shown) == (True, True)
    assert await linked(store, "a 1", "X", "D2") == {}
    assert await aliases.accept(settings, path, None, yes) == 0
    assert "3 accepted; 2 waiting events released" in capsys.readouterr().out
    assert await linked(store, "E", "a 1", "X", "D", "D2") == {"a 1": "A1", "X": "4006381333931", "D2": "d2"}
    assert await reasons(store) == [HoldReason.TIME] * 2


@pytest.mark.rule("starting.bulk_aliases")
async def test_a_report_gives_no_sku_another_counterpart(
    settings: Settings, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.links.insert(Ref("web", "sku", "A"), Ref("pos", "sku", "OTHER"))
    await store.links.insert(Ref("web", "sku", "B"), Ref("pos", "sku", "b"))
    assert await aliases.accept(settings, report(tmp_path, "near,A,a", "near,B,b", "near,C,c"), None, yes) == 0
    shown = capsys.readouterr().out
    assert "'A' or 'a' has another counterpart already, and is left as it is" in shown
    assert "'B'" not in shown
    assert await linked(store, "A", "B", "C") == {"A": "OTHER", "B": "b", "C": "c"}


@pytest.mark.parametrize("rows", [("near,A,a", "near,A,b"), ("near,A,a", "near,B,a"), ("near,A,",)])
def test_a_report_that_names_a_sku_twice_or_not_at_all_is_refused(tmp_path: Path, rows: Sequence[str]) -> None:
    with pytest.raises(Rejected, match="more than once, or empty"):
        aliases.read_report(report(tmp_path, *rows), CHANNEL)


def test_a_file_that_is_no_report_of_these_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no SKU report of web2 and pos"):
        aliases.read_report(report(tmp_path, "near,A,a"), CHANNEL.model_copy(update={"web": "web2"}))


@pytest.mark.parametrize("sku", ["=1", "-1", "+A", "@B", "'A", "A", ""])
def test_what_is_guarded_from_a_spreadsheet_is_read_as_it_was(sku: str) -> None:
    assert without_guard(guarded(sku)) == sku

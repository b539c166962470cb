"""``tillstream schemas``: published shapes, without settings."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from app.cli import cli
from schemas.canonical import MODELS
from schemas.canonical.registry import REGISTRY


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_entity_is_one_json_schema() -> None:
    shown = CliRunner().invoke(cli, ["schemas", "refund"])
    assert shown.exit_code == 0
    schema = orjson.loads(shown.stdout)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "urn:tillstream:canonical:refund:1"
    assert "adjustment_negative: kept back: a restocking fee." in schema["description"]


def test_without_an_entity_all_are_told_by_name() -> None:
    shown = CliRunner().invoke(cli, ["schemas"])
    assert shown.exit_code == 0
    assert list(orjson.loads(shown.stdout)) == sorted(MODELS)


def test_a_directory_gets_a_file_for_each(tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "schemas"
    shown = CliRunner().invoke(cli, ["schemas", "--directory", str(wanted)])
    assert shown.exit_code == 0
    written = sorted(file.name for file in wanted.iterdir())
    assert written == [f"{entity}.v{REGISTRY.newest(entity)}.schema.json" for entity in sorted(MODELS)]
    assert str(wanted / "stock.v3.schema.json") in shown.stdout
    assert orjson.loads((wanted / "stock.v3.schema.json").read_bytes())["title"] == "Stock"


def test_one_entity_may_be_written_alone(tmp_path: Path) -> None:
    CliRunner().invoke(cli, ["schemas", "stock", "--directory", str(tmp_path)])
    assert [file.name for file in tmp_path.iterdir()] == ["stock.v3.schema.json"]


def test_an_unknown_entity_is_refused_with_those_that_there_are() -> None:
    shown = CliRunner().invoke(cli, ["schemas", "poem"])
    assert shown.exit_code == 2
    told = " ".join(shown.output.replace("│", " ").split())
    assert (
        "no canonical entity is called 'poem' (known: customer, gift_card, gift_card_redemption, order, order_status"
        in told
    )


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shown = CliRunner().invoke(cli, ["schemas", "--directory", str(tmp_path / "file")])
    assert shown.exit_code == 2
    assert "cannot write there" in shown.output

"""``tillstream mapping``: what an author of documents sees."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from app.cli import cli
from app.exit_codes import FAILED, MISCONFIGURED, OK

DATA = Path(__file__).parents[1] / "data"
ORDER = DATA / "orders" / "order_discount_tax.json"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TILLSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["mapping", *map(str, arguments)], env={"COLUMNS": "240", **environment})


def sample(tmp_path: Path, **changes: Any) -> Path:
    file = tmp_path / "sample.json"
    file.write_bytes(orjson.dumps(orjson.loads(ORDER.read_bytes()) | changes))
    return file


def own_document(tmp_path: Path, values: dict[str, Any]) -> dict[str, str]:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "ours.yaml").write_text(yaml.safe_dump(values), "utf-8")
    return {"TILLSTREAM_FLOWS_DIRECTORY": str(flows)}


GOLDEN = DATA / "flows"


@pytest.mark.parametrize("file", ["order/document.json", "shipment/parcel.json", "shipment_to_pos/entry.json"])
def test_a_golden_sample_brings_its_direction_and_what_the_stage_knew(file: str) -> None:
    shown = run("test", file.partition("/")[0], GOLDEN / file)
    assert shown.exit_code == OK, shown.output


def test_a_flow_without_a_source_is_tried_outwards(tmp_path: Path) -> None:
    flow = {
        "kind": "flow",
        "id": "again",
        "version": 1,
        "deliver": {
            "target": "heartland",
            "topic": "canonical.other",
            "entity": "order",
            "mapping": "heartland.order.out",
            "operations": ["create_order"],
        },
    }
    shown = run(
        "test",
        "again",
        GOLDEN.parent / "golden" / "order" / "v1" / "discount_and_tax.json",
        **own_document(tmp_path, flow),
    )
    assert "has no 'in'" not in shown.output


def test_a_sample_is_shown_with_every_rule_and_what_comes_of_it() -> None:
    shown = run("test", "order", ORDER)
    assert shown.exit_code == OK, shown.output
    assert "rules[1] (number)" in shown.output
    assert "rules[15] (billing) → magento.address.in rules[4] (city)" in shown.output
    assert '"public_id": "000000001"' in shown.output
    assert "rule '" not in shown.output


def test_an_error_names_rule_path_and_value_after_the_rules_that_ran(tmp_path: Path) -> None:
    shown = run("test", "order", sample(tmp_path, created_at="soon"))
    assert shown.exit_code == FAILED
    assert "rules[3] (channel)" in shown.output
    assert "mapping magento.order.in, rules[4] (placed_at), reading 'created_at'" in shown.output
    assert "the value is 'soon'" in shown.output


def test_a_rule_that_would_hold_the_order_is_told(tmp_path: Path) -> None:
    placed = orjson.loads(ORDER.read_bytes())
    assignment = placed["extension_attributes"]["shipping_assignments"]
    assignment[0]["shipping"]["address"]["country_id"] = "XX"
    shown = run("test", "order", sample(tmp_path, extension_attributes=placed["extension_attributes"]))
    assert shown.exit_code == FAILED
    assert "review by rule 'country': it ships to the country 'XX', which there is not" in shown.output


def test_a_warning_is_told_and_holds_nothing(tmp_path: Path) -> None:
    shown = run("test", "order", sample(tmp_path, customer_email=None))
    assert shown.exit_code == OK
    assert "warn by rule 'email'" in shown.output


def test_the_way_out_is_tried_on_a_canonical_entity(tmp_path: Path) -> None:
    case = orjson.loads((DATA / "flows" / "order" / "document.json").read_bytes())
    entity, context = tmp_path / "sale.json", tmp_path / "context.json"
    entity.write_bytes(orjson.dumps(case["sample"]))
    context.write_bytes(orjson.dumps({"aliases": {"S4": "POS-1"}}))
    shown = run("test", "order", entity, "--direction", "out", "--context", context)
    assert shown.exit_code == OK, shown.output
    assert '"SKU": "POS-1"' in shown.output
    shown = run("test", "order", ORDER, "--direction", "out")
    assert shown.exit_code == FAILED
    assert "the sample does not make a Sale" in shown.output


def test_your_own_document_is_what_is_tried(tmp_path: Path) -> None:
    rules = [{"to": "city", "value": "Troy"}]
    values = {"kind": "mapping", "id": "magento.address.in", "version": 7, "system": "magento", "entity": "address"}
    environment = own_document(tmp_path, values | {"direction": "in", "rules": rules})
    assert '"city": "Troy"' in run("test", "order", ORDER, **environment).output
    listed = run("list", **environment).output
    assert "ours.yaml" in next(line for line in listed.splitlines() if "magento.address.in" in line)


def test_a_wrong_document_is_told_with_file_and_rule(tmp_path: Path) -> None:
    rules = [{"to": "city", "from": "city", "lookup": "cities"}]
    values = {"kind": "mapping", "id": "magento.address.in", "version": 7, "system": "magento", "entity": "address"}
    shown = run("list", **own_document(tmp_path, values | {"direction": "in", "rules": rules}))
    assert "ours.yaml: rules[0].lookup: there is no table 'cities'" in str(shown.exception)


def test_flows_mappings_and_tables_are_listed() -> None:
    shown = run("list")
    assert shown.exit_code == OK
    for name in ("order_status", "totals, country, address, email", "heartland.address.out", "regions.us"):
        assert name in shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("test", "ordr", ORDER), "there is no flow 'ordr' (known: customer_to_pos, customer_to_web, gift_card"),
        (("test", "order", "nowhere.json"), "nowhere.json cannot be read"),
        (("test", "order", Path(__file__)), "is not JSON"),
        (("test", "order", ORDER, "--direction", "up"), "'up'"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: tuple[object, ...], told: str) -> None:
    shown = run(*arguments)
    assert shown.exit_code == MISCONFIGURED
    assert told in " ".join(shown.output.replace("│", " ").split())


def test_a_flow_that_takes_nothing_has_no_way_in(tmp_path: Path) -> None:
    flow = yaml.safe_load((DATA.parents[1] / "streams" / "flows" / "product.yaml").read_text("utf-8"))
    ninth = {key: flow[key] for key in ("kind", "version", "deliver")} | {"id": "product"}
    shown = run("test", "product", ORDER, "--direction", "in", **own_document(tmp_path, ninth))
    assert shown.exit_code == MISCONFIGURED
    assert "takes no raw entities" in " ".join(shown.output.replace("│", " ").split())

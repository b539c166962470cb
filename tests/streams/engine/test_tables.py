"""Look-up tables: a mapping's own, and those that mappings share."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.documents import MappingDocument, TableDocument
from streams.engine import CompiledMapping, DocumentError, MappingError, load
from streams.engine.builtins import FUNCTIONS
from streams.engine.compiler import Library
from streams.engine.load import parse
from streams.engine.tables import Table

TABLES = sorted(file.name.removesuffix(".yaml") for file in (resources.files("streams") / "tables").iterdir())


def table(rows: dict[str, Any], **changes: Any) -> Table:
    values = {"kind": "table", "id": "carriers", "version": 1, "rows": rows}
    return Table.of(TableDocument.model_validate(values | changes))


def mapped(shared: Table, value: object, **changes: Any) -> dict[str, Any]:
    rule = {"to": "code", "from": "name", "lookup": "carriers"} | changes.pop("rule", {})
    values = {"kind": "mapping", "id": "m", "version": 1, "system": "magento", "entity": "x", "direction": "out"}
    document = MappingDocument.model_validate(values | {"rules": [rule]} | changes)
    library = Library(tables={"carriers": shared})
    return CompiledMapping(document, "m.yaml", FUNCTIONS, library).run({"name": value}, {})


def test_a_mapping_finds_a_shared_table() -> None:
    assert mapped(table({"UPS": "ups"}), "UPS") == {"code": "ups"}


def test_a_mappings_own_table_goes_before_a_shared_one() -> None:
    own = {"tables": {"carriers": {"UPS": "own"}}}
    assert mapped(table({"UPS": "shared"}), "UPS", **own) == {"code": "own"}


def test_a_key_without_a_row_is_refused_or_defaulted_or_kept() -> None:
    with pytest.raises(MappingError, match=r"rules\[0\] \(code\), reading 'name': the table has no row 'GLS'"):
        mapped(table({"UPS": "ups"}), "GLS")
    assert mapped(table({"UPS": "ups"}), "GLS", rule={"default": "custom"}) == {"code": "custom"}
    assert mapped(table({"UPS": "ups"}, unknown="keep"), "GLS") == {"code": "GLS"}
    assert mapped(table({}, unknown="keep"), "GLS") == {"code": "GLS"}


def test_case_and_white_space_count_only_where_a_table_says_so() -> None:
    assert mapped(table({"Federal Express": "fedex"}, any_case=True), " federal  EXPRESS ") == {"code": "fedex"}
    with pytest.raises(MappingError, match="no row 'federal express'"):
        mapped(table({"Federal Express": "fedex"}), "federal express")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("rows: {}", "a table without rows refuses every key"),
        ("rows: {UPS: a, ups: b}\nany_case: true", "the row 'ups' stands twice"),
        ("rows: {UPS: a}\nunknown: guess", "unknown: "),
        ("row: {UPS: a}", "rows: Field required"),
    ],
)
def test_a_wrong_table_is_refused(content: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse("ours.yaml", f"kind: table\nid: carriers\nversion: 1\n{content}")


def test_a_users_table_replaces_the_built_in_of_its_id(tmp_path: Path) -> None:
    rows = {"flatrate_flatrate": "Standard"}
    values = {"kind": "table", "id": "heartland.shipping_methods", "version": 2, "rows": rows}
    (tmp_path / "methods.yaml").write_text(yaml.safe_dump(values), "utf-8")
    assert load(tmp_path).tables["heartland.shipping_methods"].rows == rows
    assert load().tables["heartland.shipping_methods"].rows == {}


def test_the_built_in_tables_are_those_that_the_trade_needs() -> None:
    assert set(TABLES) == {
        "heartland.shipping_methods",
        "heartland.tender_kinds",
        "heartland.tender_types",
        "magento.attribute_sets",
        "magento.carriers",
        "magento.order_statuses",
        "magento.price_groups",
        "magento.tax_classes",
        "regions.us",
    }
    assert sorted(load().tables) == TABLES


def test_every_kind_of_tender_is_told_and_read_back() -> None:
    tables = {name: Table.of(document) for name, document in load().tables.items()}
    types, kinds = tables["heartland.tender_types"], tables["heartland.tender_kinds"]
    assert all(kinds.look_up(types.look_up(kind)) == kind for kind in types.rows)
    assert kinds.look_up("Cash") == "offline"


@pytest.mark.parametrize(
    ("written", "code"), [("California", "CA"), ("new york", "NY"), ("or", "OR"), ("Bavaria", "Bavaria")]
)
def test_a_state_has_one_code(written: str, code: str) -> None:
    assert Table.of(load().tables["regions.us"]).look_up(written) == code

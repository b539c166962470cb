"""Which documents a process runs, and which it refuses at the start."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from schemas.documents import Mode
from streams.engine import DocumentError, Engine, load
from streams.engine.load import json_schema, parse

FLOWS = Path(__file__).parents[3] / "streams" / "flows"
MAPPINGS = FLOWS.parent / "mappings"
TABLES = FLOWS.parent / "tables"

MAPPING = """
kind: mapping
id: magento.order_status.out
version: 2
system: magento
entity: order_status
direction: out
rules:
  - {to: external_number, from: number}
"""


def write(directory: Path, name: str, content: str) -> Path:
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")
    return file


def changed(name: str, **changes: object) -> str:
    """A built-in flow; what a half of it is told changes that half."""
    values = yaml.safe_load((FLOWS / name).read_text("utf-8"))
    for key, value in changes.items():
        values[key] = values[key] | value if isinstance(value, dict) and key in values else value
    return yaml.safe_dump(values)


@pytest.mark.rule("starting.observe_first")
def test_the_built_in_documents_load() -> None:
    catalog = load()
    assert set(catalog.flows) == {file.stem for file in FLOWS.iterdir()}
    assert {name for name, flow in catalog.flows.items() if flow.mode is not Mode.OBSERVE} == {"ticket"}
    assert catalog.flows["ticket"].mode is Mode.OFF
    assert [taker.flow for taker in catalog.taking("magento", "order")] == ["order", "gift_card_redemption"]
    assert catalog.taking("magento", "cart") == ()
    assert catalog.flows["order_status"].deliver.operations == ("set_external_number", "add_comment")


@pytest.mark.parametrize(
    "file", sorted([*FLOWS.iterdir(), *MAPPINGS.iterdir(), *TABLES.iterdir()]), ids=lambda file: file.stem
)
def test_a_built_in_document_is_named_like_its_id_and_fits_the_json_schema(file: Path) -> None:
    values = yaml.safe_load(file.read_text("utf-8"))
    assert values["id"] == file.stem
    jsonschema.validate(values, json_schema(values["kind"]))


def test_a_users_document_replaces_the_built_in_of_its_id(tmp_path: Path) -> None:
    write(tmp_path, "ours/status.yml", MAPPING)
    write(tmp_path, "readme.txt", "not a document")
    engine = Engine(load(tmp_path))
    assert engine.map_out("order_status", {"number": "17"}, {}) == {"external_number": "17"}
    assert engine.catalog.mappings["magento.order_status.out"].file.endswith("status.yml")


def test_a_users_flow_sets_its_mode(tmp_path: Path) -> None:
    write(tmp_path, "order.yaml", changed("order.yaml", mode="live"))
    assert load(tmp_path).flows["order"].mode is Mode.LIVE


def test_the_settings_set_a_mode_by_flow() -> None:
    catalog = load(modes={"stock": Mode.LIVE})
    assert (catalog.flows["stock"].mode, catalog.flows["order"].mode) == (Mode.LIVE, Mode.OBSERVE)
    with pytest.raises(DocumentError, match=r"there is no flow 'stok' \(known: .*order, .*stock.*\)"):
        load(modes={"stok": Mode.LIVE})


def test_two_documents_with_one_id_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", MAPPING)
    write(tmp_path, "b.yaml", MAPPING)
    with pytest.raises(DocumentError, match=r"b\.yaml: id: 'magento.order_status.out' is also the id of .*a\.yaml"):
        load(tmp_path)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="does not exist"):
        load(tmp_path / "nowhere")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match=r"a\.yaml: cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: [", "not YAML"),
        ("a: 1\na: 2", "the key 'a' stands twice"),
        ("- 1", "a document is an object with the key 'kind'"),
        ("kind: flaw", "kind: 'flow', 'mapping' or 'table' is needed, not 'flaw'"),
        (MAPPING.replace("version: 2", "version: 0"), r"version: .*greater than or equal to 1 \(it is 0\)"),
        (MAPPING.replace("version: 2", "version: two"), r"version: .*\(it is 'two'\)"),
        (MAPPING.replace("from: number", "form: number"), r"rules\[0\]"),
        (MAPPING.replace("from: number", "from: a, value: 1"), "needs exactly one of from, value, expression; it has"),
        (MAPPING.replace(", from: number", ""), "it has none"),
        (MAPPING.replace("to: external_number", "to: 7up"), r"rules\[0\].to: "),
        (MAPPING.replace("rules:", "tables: {empty: {}}\nrules:"), "the table 'empty' is empty"),
    ],
)
def test_a_wrong_document_is_refused_with_file_place_and_value(content: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem) as caught:
        parse("ours.yaml", content)
    assert caught.value.file == "ours.yaml"


@pytest.mark.parametrize(
    ("file", "changes", "problem"),
    [
        ("order.yaml", {"normalize": {"topic": "canonical.sail"}}, "topic: there is no topic 'canonical.sail'"),
        ("order.yaml", {"normalize": {"entity": "cart"}}, "there is no canonical entity 'cart'"),
        (
            "customer_to_pos.yaml",
            {"deliver": {"owns": ["email", "nick_name"]}},
            r"deliver.owns\[1\]: a customer has no field 'nick_name' \(known: email, ",
        ),
        (
            "customer_to_pos.yaml",
            {"deliver": {"match": {"review_at": 120}}},
            "review_at 120 is above link_at 100: it would never count",
        ),
        (
            "order.yaml",
            {"normalize": {"source": {"system": "magento", "entity": "cart"}}},
            "no topic 'raw.magento.cart'",
        ),
        (
            "order.yaml",
            {"normalize": {"hints": {"topic": "hint.nothing", "side": "web"}}},
            "there is no topic 'hint.nothing'",
        ),
        ("order.yaml", {"normalize": {"mapping": "x.in"}}, "normalize.mapping: there is no mapping 'x.in'"),
        (
            "order.yaml",
            {"normalize": {"mapping": "heartland.order.out"}},
            "'heartland.order.out' is not a mapping of magento, direction in",
        ),
        ("order.yaml", {"normalize": {"aggregate": "parent"}}, "an aggregate 'parent' needs the key 'parent'"),
        ("order.yaml", {"normalize": {"aggregate": "linked"}}, "an aggregate 'linked' needs the key 'external_id'"),
        (
            "order.yaml",
            {"normalize": {"each": {"path": "items[", "id": "item_id"}}},
            "normalize.each.path: ",
        ),
        (
            "order.yaml",
            {"normalize": {"each": {"path": "items", "id": "item_id"}}},
            "no flow takes magento's 'order' as a whole, only parts of it",
        ),
        (
            "order.yaml",
            {"normalize": {"also": {"entity": "cart", "id": "quote_id", "when": "quote_id"}}},
            "normalize.also: no flow takes magento's 'cart'",
        ),
        (
            "order.yaml",
            {"normalize": {"also": {"entity": "order", "id": "entity_id", "when": "items["}}},
            "normalize.also.when: ",
        ),
        ("order.yaml", {"deliver": {"operations": ["fly"]}}, r"deliver.operations\[0\]: there is no operation 'fly'"),
        ("order.yaml", {"deliver": {"target": ""}}, "deliver"),
    ],
)
def test_a_flow_that_does_not_fit_is_refused(
    tmp_path: Path, file: str, changes: dict[str, object], problem: str
) -> None:
    write(tmp_path, "ours.yaml", changed(file, **changes))
    with pytest.raises(DocumentError, match=problem):
        load(tmp_path)


def test_one_entity_is_delivered_to_a_system_by_one_flow(tmp_path: Path) -> None:
    deliver = yaml.safe_load((FLOWS / "order.yaml").read_text("utf-8"))["deliver"]
    write(tmp_path, "ours.yaml", changed("stock.yaml", deliver=deliver))
    with pytest.raises(DocumentError, match="the flow 'order' delivers the same entity to the same system"):
        load(tmp_path)


def reader(name: str, **changes: object) -> str:
    """A flow that delivers sales to a third system."""
    deliver = {
        "target": "ledger",
        "topic": "canonical.sale",
        "entity": "order",
        "mapping": f"ledger.{name}.out",
        "operations": ["create_order"],
    }
    return yaml.safe_dump({"kind": "flow", "id": name, "version": 1, "deliver": deliver} | changes)


def test_a_flow_that_is_off_takes_nothing_after_those_that_do_and_reads_nothing(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", reader("books"))
    content = MAPPING.replace("magento.order_status.out", "ledger.books.out").replace("magento", "ledger")
    write(tmp_path, "books.yaml", content)
    off = load(tmp_path, modes={"order_status": Mode.OFF, "books": Mode.OFF})
    takers = [(taker.flow, taker.off) for taker in off.taking("heartland", "order")]
    assert takers == [("order_status", True), ("ticket", True), ("shipment", False), ("refund_to_web", False)]
    assert off.taking("heartland", "order")[0].left_out({}) == "the flow 'order_status' is off"
    assert off.readers == {}
    assert set(off.flows) == set(load(tmp_path).flows)


def test_a_flow_without_a_source_delivers_what_another_flow_makes(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", reader("books"))
    write(
        tmp_path,
        "out.yaml",
        MAPPING.replace("magento.order_status.out", "ledger.books.out").replace("magento", "ledger"),
    )
    catalog = load(tmp_path)
    assert catalog.readers == {("canonical.sale", "order"): {"ledger"}}
    assert catalog.flows["books"].normalize is None


def test_several_flows_take_the_events_of_one_source_the_whole_first(tmp_path: Path) -> None:
    each = {"path": "items", "id": "item_id"}
    lines = changed("order.yaml", id="lines", deliver={"entity": "stock"}, normalize={"each": each})
    write(tmp_path, "ours.yaml", lines)
    first, *_, second = load(tmp_path).taking("magento", "order")
    assert (first.flow, second.flow) == ("order", "lines")
    assert first.parts({"items": [{"item_id": 1}]}) == []
    assert second.parts({"items": [{"item_id": 1}, "not one"]}) == [{"item_id": 1}]
    assert second.parts({}) == []


def test_flows_of_one_source_must_know_its_entity_by_the_same_key(tmp_path: Path) -> None:
    write(tmp_path, "ours.yaml", changed("order.yaml", id="more", deliver={"entity": "stock"}, normalize={"id": "id"}))
    with pytest.raises(DocumentError, match=r"'\w+' takes the same events, and both must name 'id' alike"):
        load(tmp_path)

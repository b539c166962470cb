"""Mappings that others use, and what they make of objects, lists and objects by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.documents import MappingDocument
from streams.engine import CompiledMapping, DocumentError, Engine, MappingError, RuleTrace, load
from streams.engine.builtins import FUNCTIONS
from streams.engine.compiler import Library, Source
from tests.streams.sale.real_orders import context, order


def document(name: str, *rules: dict[str, Any], **changes: Any) -> MappingDocument:
    values = {"kind": "mapping", "id": name, "version": 1, "system": "magento", "entity": "x", "direction": "in"}
    return MappingDocument.model_validate(values | {"rules": list(rules)} | changes)


ADDRESS = document(
    "address",
    {"to": "city", "from": "city"},
    {"to": "kind", "from": "type", "lookup": "kinds"},
    {"to": "at", "from": "at", "transform": "utc"},
    tables={"kinds": {"b": "billing"}},
)


def compiled(*rules: dict[str, Any], others: tuple[MappingDocument, ...] = (ADDRESS,)) -> CompiledMapping:
    library = Library(mappings={each.id: Source(each, f"{each.id}.yaml") for each in others})
    return CompiledMapping(document("outer", *rules), "outer.yaml", FUNCTIONS, library)


def run(source: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    return compiled(*rules).run(source, {})


BILLING = {"to": "billing", "from": "billing", "mapping": "address"}


def test_a_mapping_makes_an_object_and_brings_its_own_tables() -> None:
    assert run({"billing": {"city": "Troy", "type": "b"}}, BILLING) == {"billing": {"city": "Troy", "kind": "billing"}}


def test_an_object_of_which_nothing_is_known_is_not_there() -> None:
    assert run({"billing": {"city": None}}, BILLING) == {}
    assert run({"billing": None}, BILLING) == {}
    with pytest.raises(MappingError, match="a value is required"):
        run({"billing": {}}, BILLING | {"required": True})


def test_a_mapping_makes_an_object_of_every_element_of_a_list() -> None:
    rule = {"to": "addresses", "from": "addresses", "mapping": "address"}
    assert run({"addresses": [{"city": "Troy"}, {}]}, rule) == {"addresses": [{"city": "Troy"}, {}]}


def test_mappings_use_mappings_and_each() -> None:
    person = document("person", {"to": "home", "from": "home", "mapping": "address"})
    rule = {"to": "groups", "from": "groups", "each": [{"to": "people", "from": "people", "mapping": "person"}]}
    made = compiled(rule, others=(ADDRESS, person)).run({"groups": [{"people": [{"home": {"city": "Troy"}}]}]}, {})
    assert made == {"groups": [{"people": [{"home": {"city": "Troy"}}]}]}


def test_an_error_names_both_mappings_path_and_value() -> None:
    with pytest.raises(MappingError) as caught:
        run({"billing": {"at": "soon"}}, BILLING)
    error = caught.value
    assert (error.mapping, error.path, error.value) == ("outer", "at", "'soon'")
    assert error.rule == "rules[0] (billing) → address rules[2] (at)"
    with pytest.raises(MappingError, match="reading 'billing': a list or an object is needed; the value is 'Troy'"):
        run({"billing": "Troy"}, BILLING)


def test_a_trace_tells_what_the_inner_rules_did() -> None:
    trace: list[RuleTrace] = []
    compiled(BILLING).run({"billing": {"city": "Troy"}}, {}, trace)
    assert trace[0] == RuleTrace("rules[0] (billing) → address rules[0] (city)", "city", "Troy", "Troy")
    assert trace[-1].rule == "rules[0] (billing)"


def test_a_mapping_that_uses_itself_is_refused() -> None:
    one = document("one", {"to": "a", "from": "a", "mapping": "two"})
    two = document("two", {"to": "b", "from": "b", "each": [{"to": "c", "from": "c", "mapping": "one"}]})
    with pytest.raises(DocumentError, match=r"uses itself \(one → two → one\)"):
        compiled({"to": "x", "from": "x", "mapping": "one"}, others=(one, two))
    with pytest.raises(DocumentError, match=r"outer\.yaml: rules\[0\]\.mapping: .*\(outer → outer\)"):
        compiled({"to": "x", "from": "x", "mapping": "outer"})


def test_a_mapping_may_be_used_twice() -> None:
    made = run(
        {"a": {"city": "Troy"}, "b": {"city": "Waco"}}, BILLING | {"from": "a"}, BILLING | {"to": "s", "from": "b"}
    )
    assert made == {"billing": {"city": "Troy"}, "s": {"city": "Waco"}}


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (document("other", {"to": "a", "value": 1}), "there is no mapping 'address'"),
        (
            document("address", {"to": "a", "value": 1}, direction="out"),
            "'address' is not a mapping of magento, direction in",
        ),
        (document("address", {"to": "a", "value": 1}, system="heartland"), "is not a mapping of magento"),
        (document("address", {"to": "a", "expression": "evil(@)"}), r"address\.yaml: rules\[0\]\.expression"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(other: MappingDocument, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        compiled(BILLING, others=(other,))


# -- Lists and objects by key ----------------------------------------------------------------------------------------

QUANTITY = [{"to": "quantity", "from": "qty"}]


def test_each_keeps_the_keys_of_an_object() -> None:
    rule = {"to": "stock", "from": "stock", "each": QUANTITY}
    assert run({"stock": {"A": {"qty": 1}, "B": {"qty": 2}}}, rule) == {
        "stock": {"A": {"quantity": 1}, "B": {"quantity": 2}}
    }


def test_a_list_becomes_an_object_by_key() -> None:
    rule = {"to": "stock", "from": "items", "each": QUANTITY, "by": "sku"}
    assert run({"items": [{"sku": "A", "qty": 1}, {"sku": 7, "qty": 2}]}, rule) == {
        "stock": {"A": {"quantity": 1}, "7": {"quantity": 2}}
    }


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([{"sku": "A"}, {"sku": "A"}], "two elements have the key 'A'"),
        ([{"sku": "A"}, {"qty": 1}], "element 1 has no key"),
        ({"A": {"qty": 1}}, "a list is needed"),
    ],
)
def test_a_key_is_there_once(items: object, problem: str) -> None:
    with pytest.raises(MappingError, match=problem):
        run({"items": items}, {"to": "stock", "from": "items", "each": QUANTITY, "by": "sku"})


def test_an_object_becomes_a_list_by_its_entries() -> None:
    rule = {
        "to": "stock",
        "expression": "entries(stock)",
        "each": [{"to": "sku", "from": "key"}, {"to": "quantity", "from": "value.qty"}],
    }
    assert run({"stock": {"A": {"qty": 1}}}, rule) == {"stock": [{"sku": "A", "quantity": 1}]}
    assert run({}, rule) == {"stock": []}


def test_lists_in_lists_are_mapped() -> None:
    inner = {"to": "tracks", "from": "tracks", "each": [{"to": "number", "from": "n", "transform": "text"}]}
    rule = {"to": "shipments", "from": "s", "each": [{"to": "id", "from": "i"}, inner]}
    assert run({"s": [{"i": 1, "tracks": [{"n": 5}, {"n": 6}]}, {"i": 2}]}, rule) == {
        "shipments": [{"id": 1, "tracks": [{"number": "5"}, {"number": "6"}]}, {"id": 2}]
    }


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"mapping": "address", "each": QUANTITY}, "each and mapping, of which only one"),
        ({"by": "sku"}, "by, which needs each or mapping"),
    ],
)
def test_a_rule_makes_its_objects_in_one_way(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        document("m", {"to": "a", "from": "b"} | rule)


def test_a_users_address_mapping_counts_wherever_addresses_are(tmp_path: Path) -> None:
    values = {"kind": "mapping", "id": "magento.address.in", "version": 9, "system": "magento", "entity": "address"}
    rules = [{"to": "city", "value": "Troy"}]
    (tmp_path / "address.yaml").write_text(yaml.safe_dump(values | {"direction": "in", "rules": rules}), "utf-8")
    placed = order("order_complete")
    made = Engine(load(tmp_path)).map_in("order", placed, context(placed))
    assert made["billing"] == made["shipping_address"] == {"city": "Troy"}

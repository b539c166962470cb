"""What a mapping document does, rule by rule, and how it fails."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.documents import MappingDocument
from streams.engine import CompiledMapping, DocumentError, MappingError, RuleTrace
from streams.engine.builtins import FUNCTIONS
from streams.engine.functions import Context, Registry
from streams.errors import Rejected


def document(*rules: dict[str, Any], **changes: Any) -> MappingDocument:
    values = {"kind": "mapping", "id": "test.in", "version": 1, "system": "magento", "entity": "order"}
    return MappingDocument.model_validate(values | {"direction": "in", "rules": list(rules)} | changes)


def compiled(*rules: dict[str, Any], functions: Registry = FUNCTIONS, **changes: Any) -> CompiledMapping:
    return CompiledMapping(document(*rules, **changes), "test.yaml", functions)


def run(source: dict[str, Any], *rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return compiled(*rules, **changes).run(source, {"channel": {"name": "main"}})


def test_dots_make_nested_objects_and_null_sets_nothing() -> None:
    source = {"email": "ann@example.com", "name": None}
    assert run(source, {"to": "customer.email", "from": "email"}, {"to": "customer.name", "from": "name"}) == {
        "customer": {"email": "ann@example.com"}
    }


def test_a_constant_and_an_expression_with_context() -> None:
    rules = ({"to": "a", "value": ["x"]}, {"to": "b", "expression": "context('channel.name')"})
    assert run({}, *rules) == {"a": ["x"], "b": "main"}


def test_a_rule_is_skipped_where_its_condition_is_false() -> None:
    rules = (
        {"to": "kind", "value": "member"},
        {"to": "kind", "value": "guest", "when": "guest == `1`"},
    )
    assert run({"guest": 1}, *rules) == {"kind": "guest"}
    assert run({"guest": 0}, *rules) == {"kind": "member"}


def test_a_default_stands_in_for_null() -> None:
    assert run({}, {"to": "state", "from": "state", "transform": "upper", "default": "none"}) == {"state": "none"}


def test_a_lookup_table_translates() -> None:
    tables = {"tables": {"methods": {"ups": "UPS", "7": "seven"}}}
    rule = {"to": "carrier", "from": "method", "lookup": "methods"}
    assert run({"method": "ups"}, rule, **tables) == {"carrier": "UPS"}
    assert run({"method": 7}, rule, **tables) == {"carrier": "seven"}
    assert run({}, rule, **tables) == {}
    assert run({"method": "dhl"}, rule | {"default": "Other"}, **tables) == {"carrier": "Other"}
    with pytest.raises(MappingError, match="the table has no row 'dhl' and the rule no default"):
        run({"method": "dhl"}, rule, **tables)


def test_each_maps_every_element_of_a_list() -> None:
    rule = {
        "to": "lines",
        "from": "items",
        "each": [{"to": "sku", "from": "sku"}, {"to": "first", "from": "parts[0].id", "transform": "text"}],
    }
    source = {"items": [{"sku": "A", "parts": [{"id": 1}]}, {"sku": "B"}]}
    assert run(source, rule) == {"lines": [{"sku": "A", "first": "1"}, {"sku": "B"}]}
    assert run({}, rule) == {}
    with pytest.raises(
        MappingError, match=r"rules\[0\] \(lines\), reading 'items': a list or an object is needed; the value is 'x'"
    ):
        run({"items": "x"}, rule)


def test_an_error_names_mapping_rule_path_and_value() -> None:
    with pytest.raises(MappingError) as caught:
        run(
            {"items": [{"at": "soon"}]},
            {"to": "x", "from": "items", "each": [{"to": "at", "from": "at", "transform": "utc"}]},
        )
    error = caught.value
    assert (error.mapping, error.rule, error.path, error.value) == ("test.in", "rules[0].each[0] (at)", "at", "'soon'")
    assert "mapping test.in, rules[0].each[0] (at), reading 'at'" in error.message
    assert isinstance(error, Rejected)


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(MappingError) as caught:
        run({"at": "x" * 500}, {"to": "at", "from": "at", "transform": "utc"})
    assert len(caught.value.value) == 80


def test_a_required_value_must_be_there() -> None:
    with pytest.raises(MappingError, match=r"rules\[0\] \(number\), reading 'increment_id': a value is required"):
        run({}, {"to": "number", "from": "increment_id", "required": True})


def test_a_jmespath_error_while_running_is_a_mapping_error() -> None:
    with pytest.raises(MappingError, match="length"):
        run({"a": 7}, {"to": "x", "expression": "length(a)"})


def test_a_functions_own_refusal_passes_through() -> None:
    known = Registry()

    def refuse(value: object) -> None:
        raise Rejected(f"order {value} is refused")

    known.add(refuse)
    with pytest.raises(Rejected, match="order 42 is refused"):
        compiled({"to": "x", "expression": "refuse(n)"}, functions=known).run({"n": 42}, {})


def test_a_transform_may_use_the_context() -> None:
    known = Registry()

    def prefixed(context: Context, value: str) -> str:
        return f"{context['prefix']}{value}"

    known.add(prefixed)
    mapping = compiled({"to": "x", "from": "n", "transform": "prefixed"}, functions=known)
    assert mapping.run({"n": "42"}, {"prefix": "W-"}) == {"x": "W-42"}


def test_a_trace_tells_what_every_rule_did() -> None:
    trace: list[RuleTrace] = []
    mapping = compiled(
        {"to": "a", "from": "n", "transform": "text"},
        {"to": "b", "from": "n", "when": "missing"},
        {"to": "c", "from": "list", "each": [{"to": "d", "from": "@"}]},
    )
    mapping.run({"n": 1, "list": [5]}, {}, trace)
    assert trace == [
        RuleTrace("rules[0] (a)", "n", 1, "1"),
        RuleTrace("rules[1] (b)", "n", None, None, skipped=True),
        RuleTrace("rules[2].each[0] (d)", "@", 5, 5),
        RuleTrace("rules[2] (c)", "list", [5], [{"d": 5}]),
    ]


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([{"to": "a", "from": "b..c"}], r"test.yaml: rules\[0\].from: 'b..c': not a JMESPath expression"),
        ([{"to": "a", "from": "sale_lines(@)"}], r"rules\[0\].from: .* there is no function 'sale_lines'"),
        ([{"to": "a", "expression": "evil(@)"}], r"rules\[0\].expression: .* there is no function 'evil'"),
        ([{"to": "a", "value": 1, "when": "x ="}], r"rules\[0\].when: "),
        ([{"to": "a", "from": "b", "transform": "evil"}], r"rules\[0\].transform: there is no function 'evil'"),
        ([{"to": "a", "from": "b", "transform": "pos_address2"}], "there is no function"),
        ([{"to": "a", "from": "b", "lookup": "t"}], r"rules\[0\].lookup: there is no table 't' \(known: none\)"),
        ([{"to": "a", "from": "b"}, {"to": "a", "from": "c"}], r"rules\[1\].to: a second rule for 'a' needs a 'when'"),
        ([{"to": "a", "from": "b"}, {"to": "a.b", "from": "c"}], r"rules\[1\].to: 'a.b' collides with 'a'"),
        ([{"to": "a.b", "from": "b"}, {"to": "a", "from": "c"}], r"rules\[1\].to: 'a' collides with 'a.b'"),
        (
            [{"to": "a", "from": "b", "each": [{"to": "c", "from": "d", "transform": "evil"}]}],
            r"rules\[0\].each\[0\].transform",
        ),
    ],
)
def test_a_wrong_rule_is_refused_when_it_is_loaded(rules: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        compiled(*rules)


def test_a_transform_takes_one_argument() -> None:
    known = Registry()

    def two(one: str, other: str) -> str:
        return one + other

    known.add(two)
    with pytest.raises(DocumentError, match="'two' does not take one argument"):
        compiled({"to": "a", "from": "b", "transform": "two"}, functions=known)

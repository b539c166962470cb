"""Compiled expressions mean what jmespath says they mean."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine.expressions import ExpressionError, compile_expression, is_false
from streams.engine.functions import Context, Registry

NAMES = st.sampled_from(["a", "b", "c", '"odd key"', '"x.y"'])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(-2, 2), st.sampled_from(["", "text"]))
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "c", "odd key", "x.y"]), inner, max_size=3),
    ),
    max_leaves=12,
)


@st.composite
def paths(draw: st.DrawFn) -> str:
    path = draw(st.sampled_from(["", "@"])) or draw(NAMES)
    for _ in range(draw(st.integers(0, 3))):
        step = draw(st.one_of(NAMES.map(".{}".format), st.integers(-2, 2).map("[{}]".format)))
        path += step
    return path


def joined(operator: str) -> st.SearchStrategy[str]:
    """Two or three paths with that operator between them."""
    return st.lists(paths(), min_size=2, max_size=3).map(operator.join)


def registry() -> Registry:
    known = Registry()

    def twice(value: Any) -> list[Any]:
        return [value, value]

    def named(context: Context, key: str, fallback: str = "") -> Any:
        return context.get(key, fallback)

    known.add(twice)
    known.add(named)
    return known


@settings(max_examples=500)
@given(DOCUMENTS, st.one_of(paths(), joined(" || "), joined(" && "), joined(" && !"), joined(" || !")))
def test_the_fast_path_equals_jmespath(document: Any, path: str) -> None:
    assert compile_expression(path, Registry())(document, {}) == jmespath.search(path, document)


@settings(max_examples=200)
@given(DOCUMENTS, paths(), st.sampled_from(["[*].{}", "{} == `1`", "[{}, @]", "{} && a[*]", "!a[?{}]", "a[?{}]"]))
def test_everything_else_is_jmespaths_own(document: Any, path: str, shape: str) -> None:
    expression = shape.format(path.replace("@", "a"))
    assert compile_expression(expression, Registry())(document, {}) == jmespath.search(expression, document)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("twice(a.b)", [7, 7]),
        ("twice(a.b)[0]", 7),
        ("twice(a.list[?@ > `1`])", [[2], [2]]),
        ("a.list[*].twice(@)", [[1, 1], [2, 2]]),
        ("named('key')", "value"),
        ("named('other', 'none')", "none"),
        ("twice(a.list)[*] | length(@)", 2),
        ("missing.twice(@)", [None, None]),
        ("twice(a.b) || a", [7, 7]),
        ("a.list[*] || a", [1, 2]),
        ("a.list[0:1]", [1]),
    ],
)
def test_our_functions_run_on_both_paths(expression: str, result: Any) -> None:
    document = {"a": {"b": 7, "list": [1, 2]}}
    assert compile_expression(expression, registry())(document, {"key": "value"}) == result


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("a..b", "not a JMESPath expression"),
        ("eval(a)", "there is no function 'eval'"),
        ("a[*].eval(@)", "there is no function 'eval'"),
        ("twice()", r"twice\(\) takes 1 argument but is given 0"),
        ("named()", r"named\(\) takes 1 to 2 arguments but is given 0"),
    ],
)
def test_a_wrong_expression_is_refused_when_it_is_compiled(expression: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem):
        compile_expression(expression, registry())


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_jmespaths_falsehood(value: object) -> None:
    assert is_false(value)


@pytest.mark.parametrize("value", [0, 0.0, True, "no", [None], {"a": None}])
def test_zero_is_true_in_jmespath(value: object) -> None:
    assert not is_false(value)

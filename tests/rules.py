"""Which tests hold which rule of the trade: `python -m tests.rules`, or with ``--missing`` those that none holds.

`rules.toml` beside this file lists the rules. A test that fails when a rule is broken says so with
``@pytest.mark.rule("stock.msi_formula")``, a row of its table with ``pytest.param(..., marks=...)``, a class or a
module with ``pytestmark``. The marks are read from the sources, and no test is imported or run.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
RULES = Path(__file__).with_suffix(".toml")
SECTIONS = ("channels", "starting", "guards", "orders", "stock", "money", "fulfilment", "products")
ID = re.compile(rf"({'|'.join(SECTIONS)})\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One testable rule of how a shop works."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """That a test holds a rule.

    Attributes:
        rule: the id as it is written there; of anything but one plain string, the source of the arguments.
        test: as pytest names it, without its parameters: ``tests/app/test_cli.py::test_help``; the file for what
            stands beside its tests, such as ``pytestmark``.
    """

    rule: str
    test: str
    line: int


def read_rules(text: str) -> list[Rule]:
    """The rules in their order. Raises ValueError for an id that is not well-formed, not unique, or has no text."""
    rules = [Rule(**entry) for entry in tomllib.loads(text)["rule"]]
    for name, times in Counter(rule.id for rule in rules).items():
        if times > 1:
            raise ValueError(f"{name} is the id of {times} rules: give each an id of its own")
    for rule in rules:
        if not ID.fullmatch(rule.id):
            raise ValueError(f"{rule.id!r} is no <section>.<slug> with one of the sections {', '.join(SECTIONS)}")
        if not rule.text:
            raise ValueError(f"{rule.id} has no text: say what has to hold")
    return rules


def read_marks(source: str, name: str) -> list[Mark]:
    """The marks in one file of tests, whose ``name`` is the first part of its tests' names."""
    return list(_marks(ast.parse(source), name))


def all_marks(tests: Path = TESTS) -> list[Mark]:
    """The marks of every file of tests in a directory."""
    sources = ((path, path.read_text()) for path in sorted(tests.rglob("test_*.py")))
    return [
        mark
        for path, source in sources
        if "mark.rule(" in source
        for mark in read_marks(source, path.relative_to(tests.parent).as_posix())
    ]


def problems(rules: Iterable[Rule], marks: Iterable[Mark]) -> list[str]:
    """The marks that hold nothing, each with what to do."""
    known = {rule.id for rule in rules}
    return [
        f"{mark.test} (line {mark.line}) holds {mark.rule}, which is no rule: take an id from {RULES.name}, or add it"
        for mark in marks
        if mark.rule not in known
    ] + [
        f"{mark.test} (line {mark.line}) holds {mark.rule} but is no test that pytest collects: mark the test itself"
        for mark in marks
        if not all(part.lower().startswith("test") for part in mark.test.split("::")[1:])
    ]


def report(rules: Sequence[Rule], marks: Iterable[Mark], *, only_missing: bool = False) -> str:
    """Each rule with its tests, and the count as the last line."""
    tests = _tests_by_rule(marks)
    missing = [rule for rule in rules if rule.id not in tests]
    lines = [line for rule in (missing if only_missing else rules) for line in _lines(rule, tests.get(rule.id, []))]
    return "\n".join([*lines, f"rules: {len(rules)}, without a test: {len(missing)}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Tells, and returns the exit code: 1 if a mark names no rule. A rule without a test is no error."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description="The trade's rules and their tests.")
    parser.add_argument("--missing", action="store_true", help="list only the rules without a test")
    only_missing: bool = parser.parse_args(arguments).missing
    rules, marks = read_rules(RULES.read_text()), all_marks()
    found = problems(rules, marks)
    print(*found, report(rules, marks, only_missing=only_missing), sep="\n")  # noqa: T201
    return 1 if found else 0


def _marks(node: ast.AST, holder: str) -> Iterator[Mark]:
    """All marks below a node. Decorators stand below what they decorate, so that the holder is known on the way."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        holder = f"{holder}::{node.name}"
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
        yield Mark(_argument(node), holder, node.lineno)
    for child in ast.iter_child_nodes(node):
        yield from _marks(child, holder)


def _argument(call: ast.Call) -> str:
    match call:
        case ast.Call(args=[ast.Constant(value=str(rule))], keywords=[]):
            return rule
        case _:
            return ast.unparse(call)


def _tests_by_rule(marks: Iterable[Mark]) -> Mapping[str, list[str]]:
    tests: defaultdict[str, list[str]] = defaultdict(list)
    for mark in marks:
        if mark.test not in tests[mark.rule]:
            tests[mark.rule].append(mark.test)
    return tests


def _lines(rule: Rule, tests: Iterable[str]) -> list[str]:
    return [f"{rule.id}: {rule.text}", *(f"    {test}" for test in tests)]


if __name__ == "__main__":
    sys.exit(main())

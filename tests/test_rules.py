"""The list of the trade's rules, and which marks count for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules import RULES, SECTIONS, Mark, Rule, all_marks, main, problems, read_marks, read_rules, report

FORMULA = Rule("stock.msi_formula", "What a source has to sell.")
CLAMPED = Rule("stock.clamped_at_zero", "Never below nothing.")
STATES = Rule("orders.states", "When an order is exported.")

MARKED = """
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.rule("orders.of_the_module")]

ROWS = [pytest.param(1, marks=pytest.mark.rule("orders.of_a_row_elsewhere"))]


@pytest.mark.rule("orders.of_a_test")
@pytest.mark.rule("orders.of_a_test_too")
def test_plain() -> None:
    rule("orders.of_another_library")


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=[pytest.mark.rule("orders.of_a_row")])])
async def test_rows(number: int) -> None: ...


@pytest.mark.rule("orders.of_a_class")
class TestAll:
    pytestmark = pytest.mark.rule("orders.of_a_class_too")

    @pytest.mark.rule("orders.of_a_method")
    def test_one(self) -> None: ...
"""


def entry(rule: str, text: str = "It holds.") -> str:
    return f'[[rule]]\nid = "{rule}"\ntext = "{text}"\n'


# -- The project's own ------------------------------------------------------------------------------------------


def test_every_rule_has_an_id_of_its_own_with_a_section_and_a_text() -> None:
    sections = {rule.id.partition(".")[0] for rule in read_rules(RULES.read_text())}
    assert sections == set(SECTIONS)


def test_every_mark_names_a_rule() -> None:
    assert problems(read_rules(RULES.read_text()), all_marks()) == []


def test_a_rule_without_a_test_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--missing"]) == 0
    *missing, count = capsys.readouterr().out.splitlines()
    assert count == f"rules: {len(read_rules(RULES.read_text()))}, without a test: {len(missing)}"


# -- The list ---------------------------------------------------------------------------------------------------


def test_rules_keep_their_order() -> None:
    rules = read_rules(entry("stock.msi_formula") + entry("orders.states", "Then."))
    assert rules == [Rule("stock.msi_formula", "It holds."), Rule("orders.states", "Then.")]


@pytest.mark.parametrize("rule", ["msi_formula", "stock.", "stock.MSI", "stock.msi-formula", "rain.heavy", "stock.a.b"])
def test_an_id_without_a_section_and_a_slug_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="is no <section>"):
        read_rules(entry(rule))


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"stock\.msi_formula is the id of 2 rules"):
        read_rules(entry("stock.msi_formula") + entry("orders.states") + entry("stock.msi_formula", "Again."))


def test_a_rule_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"orders\.states has no text"):
        read_rules(entry("orders.states", ""))


# -- The marks --------------------------------------------------------------------------------------------------


def test_marks_are_found_wherever_pytest_takes_them() -> None:
    assert {(mark.rule, mark.test) for mark in read_marks(MARKED, "tests/test_it.py")} == {
        ("orders.of_the_module", "tests/test_it.py"),
        ("orders.of_a_row_elsewhere", "tests/test_it.py"),
        ("orders.of_a_test", "tests/test_it.py::test_plain"),
        ("orders.of_a_test_too", "tests/test_it.py::test_plain"),
        ("orders.of_a_row", "tests/test_it.py::test_rows"),
        ("orders.of_a_class", "tests/test_it.py::TestAll"),
        ("orders.of_a_class_too", "tests/test_it.py::TestAll"),
        ("orders.of_a_method", "tests/test_it.py::TestAll::test_one"),
    }


def test_the_marks_of_all_files_of_tests_are_read(tmp_path: Path) -> None:
    marked = '@pytest.mark.rule("orders.states")\ndef test_it(): ...\n'
    deep = tmp_path / "tests" / "app"
    deep.mkdir(parents=True)
    for name in ("test_one.py", "helper.py"):
        (deep / name).write_text(marked)
    assert all_marks(tmp_path / "tests") == [Mark("orders.states", "tests/app/test_one.py::test_it", 1)]


def test_a_mark_of_an_unknown_rule_is_a_problem_with_its_place() -> None:
    marks = read_marks('@pytest.mark.rule("orders.state")\ndef test_it(): ...\n', "tests/test_it.py")
    (problem,) = problems([STATES], marks)
    assert problem.startswith("tests/test_it.py::test_it (line 1) holds orders.state, which is no rule:")


@pytest.mark.parametrize("arguments", ["", "STATES", '"orders.states", "stock.msi_formula"', 'id="orders.states"'])
def test_a_mark_needs_one_id_that_can_be_read(arguments: str) -> None:
    marks = read_marks(f"@pytest.mark.rule({arguments})\ndef test_it(): ...\n", "tests/test_it.py")
    (problem,) = problems([STATES, FORMULA], marks)
    assert "which is no rule" in problem


@pytest.mark.parametrize("marked", ["def it(): ...", "class It: ...", "@pytest.fixture\ndef bench(): ..."])
def test_a_mark_on_what_is_no_test_is_a_problem(marked: str) -> None:
    marks = read_marks(f'@pytest.mark.rule("orders.states")\n{marked}\n', "tests/test_it.py")
    (problem,) = problems([STATES], marks)
    assert "is no test that pytest collects" in problem


# -- The report -------------------------------------------------------------------------------------------------

MARKS = [
    Mark("stock.msi_formula", "tests/test_a.py::test_one", 3),
    Mark("stock.msi_formula", "tests/test_a.py::test_one", 5),
    Mark("stock.msi_formula", "tests/test_b.py", 1),
    Mark("orders.states", "tests/test_a.py::test_one", 4),
]


def test_the_report_lists_every_rule_with_its_tests_and_ends_with_the_count() -> None:
    assert report([FORMULA, CLAMPED, STATES], MARKS).splitlines() == [
        "stock.msi_formula: What a source has to sell.",
        "    tests/test_a.py::test_one",
        "    tests/test_b.py",
        "stock.clamped_at_zero: Never below nothing.",
        "orders.states: When an order is exported.",
        "    tests/test_a.py::test_one",
        "rules: 3, without a test: 1",
    ]


def test_what_is_missing_is_listed_by_itself_and_counted_among_all() -> None:
    assert report([FORMULA, CLAMPED, STATES], MARKS, only_missing=True).splitlines() == [
        "stock.clamped_at_zero: Never below nothing.",
        "rules: 3, without a test: 1",
    ]

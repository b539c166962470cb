"""What is told of mutants, and which of them fail `make mutants`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants import EXPLAINED, Change, Mutant, problems, read_change, read_explained, read_results, table

ROOM = "streams.runtime.lanes.xǁLanesǁ_room__mutmut_9"
RESULTS = f"""\
    {ROOM}: survived
    streams.runtime.lanes.x__run__mutmut_1: timeout
    streams.deliver.ledger.x_next_action__mutmut_3: killed
"""
DIFF = f"""\
# {ROOM}: survived
--- streams/runtime/lanes.py
+++ streams/runtime/lanes.py
@@ -8,6 +8,6 @@
     except asyncio.CancelledError:
         if waiter in self._waiters:
-            self._waiters.remove(
-                waiter)
+            self._waiters.remove(None)
"""
CHANGE = Change("streams.runtime.lanes", "Lanes._room", "self._waiters.remove( waiter)", "self._waiters.remove(None)")
ENTRY = """
[[explained]]
module = "streams.runtime.lanes"
function = "Lanes._room"
was = "self._waiters.remove( waiter)"
becomes = "self._waiters.remove(None)"
why = "because"
"""


def told(mutants: list[Mutant], explained: str = "") -> list[str]:
    return problems(mutants, lambda mutant: read_change(mutant, DIFF), read_explained(explained))


def test_a_result_names_its_module_and_its_function_with_its_class() -> None:
    assert [(mutant.module, mutant.function, mutant.status) for mutant in read_results(RESULTS)] == [
        ("streams.runtime.lanes", "Lanes._room", "survived"),
        ("streams.runtime.lanes", "_run", "timeout"),
        ("streams.deliver.ledger", "next_action", "killed"),
    ]


def test_a_change_is_known_by_its_lines_and_not_by_its_number() -> None:
    assert read_change(Mutant(ROOM, "survived"), DIFF) == CHANGE
    renumbered = Mutant(ROOM.replace("_9", "_12"), "survived")
    assert read_change(renumbered, DIFF.replace("@@ -8,6 +8,6 @@", "@@ -70,6 +70,6 @@")) == CHANGE


def test_a_survivor_that_nobody_explains_is_a_problem_that_shows_the_change() -> None:
    (problem,) = told(read_results(RESULTS))
    assert problem.startswith(f"survived: {CHANGE}\n")
    assert "Write a test that notices it" in problem


def test_a_survivor_that_is_explained_is_none() -> None:
    assert told(read_results(RESULTS), ENTRY) == []


@pytest.mark.parametrize("status", ["no tests", "not checked", "suspicious", "segfault", "skipped"])
def test_what_was_not_checked_is_a_problem_explained_or_not(status: str) -> None:
    problem, _unused = told([Mutant(ROOM, status)], ENTRY)
    assert problem.startswith(f"{status}: {ROOM}\n")


def test_an_explanation_of_what_does_not_survive_is_a_problem() -> None:
    (problem,) = told([Mutant(ROOM, "killed")], ENTRY)
    assert problem.startswith(f"explained, and no mutant survives so: {CHANGE}\n")


def test_the_table_counts_by_module() -> None:
    assert [row.split() for row in table(read_results(RESULTS)).splitlines()] == [
        ["module", "mutants", "killed", "survived", "timeout"],
        ["streams.deliver.ledger", "1", "1", "0", "0"],
        ["streams.runtime.lanes", "2", "0", "1", "1"],
    ]


def test_every_explanation_has_a_reason_and_is_of_a_line_that_stands_in_its_module() -> None:
    root = Path(__file__).parents[1]
    for change, why in read_explained(EXPLAINED.read_text()).items():
        source = root.joinpath(*change.module.split(".")).with_suffix(".py").read_text()
        assert change.was in " ".join(source.split())
        assert change.was != change.becomes
        assert why

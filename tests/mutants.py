"""Whether a test noticed every change that mutmut made to the code: `python -m tests.mutants` after `mutmut run`.

mutmut changes one place at a time and runs the module's tests. A change that none of them notices has survived: a test
is missing, or the change makes no difference, and then `mutants.toml` beside this file says why. It names a change by
its function and its line; mutmut's own numbers shift with every edit.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EXPLAINED = Path(__file__).with_suffix(".toml")
NOTICED = frozenset({"killed", "timeout"})
"""A change after which the tests hang is noticed as well."""
SURVIVED = "survived"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, and what became of it.

    Attributes:
        name: mutmut's, such as ``streams.runtime.lanes.xǁLanesǁ_room__mutmut_9``.
        status: mutmut's word: killed, timeout, survived, no tests, not checked ...
    """

    name: str
    status: str

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.name.rpartition(".")[0]

    @property
    def function(self) -> str:
        """With its class, if it has one: ``Lanes._room``."""
        mangled = self.name.rpartition(".")[2].partition("__mutmut_")[0]
        return mangled[2:].replace("ǁ", ".")


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant changes: the line as it was and as it becomes, without indentation."""

    module: str
    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.module}, {self.function}\n    - {self.was}\n    + {self.becomes}"


def read_results(text: str) -> list[Mutant]:
    """The mutants from what `mutmut results` prints."""
    pairs = (line.strip().rpartition(": ") for line in text.splitlines())
    return [Mutant(name, status) for name, _, status in pairs if name]


def read_change(mutant: Mutant, diff: str) -> Change:
    """The change from what `mutmut show` prints."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]

    def side(sign: str) -> str:
        return " ".join(line[1:].strip() for line in lines if line.startswith(sign))

    return Change(mutant.module, mutant.function, side("-"), side("+"))


def read_explained(text: str) -> dict[Change, str]:
    """The changes that make no difference, each with the reason. Raises KeyError or TypeError if one is not whole."""
    entries: list[dict[str, str]] = tomllib.loads(text).get("explained", [])
    reasons = [entry.pop("why") for entry in entries]
    return {Change(**entry): why for entry, why in zip(entries, reasons, strict=True)}


def problems(
    mutants: Iterable[Mutant], change_of: Callable[[Mutant], Change], explained: Mapping[Change, str]
) -> list[str]:
    """What is wrong, each with what to do; nothing if every change was noticed or is explained."""
    found, left = [], dict(explained)
    for mutant in mutants:
        if mutant.status in NOTICED:
            continue
        if mutant.status != SURVIVED:
            found.append(f"{mutant.status}: {mutant.name}\n  Run it again by itself: mutmut run '{mutant.name}'")
            continue
        change = change_of(mutant)
        if change not in explained:
            found.append(
                f"survived: {change}\n  Write a test that notices it, or tell in {EXPLAINED.name} why none can."
            )
        left.pop(change, None)
    found += [f"explained, and no mutant survives so: {change}\n  Take it out of {EXPLAINED.name}." for change in left]
    return found


def table(mutants: Sequence[Mutant]) -> str:
    """By module: how many there are, and what became of them."""
    counts = Counter((mutant.module, mutant.status) for mutant in mutants)
    statuses = sorted({status for _, status in counts})
    rows = [("module", "mutants", *statuses)]
    for module in sorted({module for module, _ in counts}):
        numbers = [counts[module, status] for status in statuses]
        rows.append((module, str(sum(numbers)), *map(str, numbers)))
    return "\n".join(f"{first:<32}" + "".join(f"{cell:>14}" for cell in rest) for first, *rest in rows)


def main() -> int:
    """Tells, and returns the exit code."""
    mutants = read_results(_mutmut("results", "--all", "true"))
    explained = read_explained(EXPLAINED.read_text())
    found = problems(mutants, lambda mutant: read_change(mutant, _mutmut("show", mutant.name)), explained)
    print(table(mutants), *found, f"{len(explained)} explained, {len(found)} to mend", sep="\n\n")  # noqa: T201
    return 1 if found or not mutants else 0


def _mutmut(*arguments: str) -> str:
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())

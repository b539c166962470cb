"""What is wrong with a setting, in words that lead to the place where it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting.

    Attributes:
        name: as in the TOML file: ``kafka.bootstrap_servers``.
        why: what is wrong with it.
        expected: what would be right; may be empty.
        variable: the environment variable that sets it; empty if none does.
        given: where the wrong value came from: a file's name or ``the environment``; empty if nowhere.
    """

    name: str
    why: str
    expected: str = ""
    variable: str = ""
    given: str = ""

    def lines(self) -> Iterable[str]:
        """For a person."""
        yield f"  {self.name}" + (f"  (environment: {self.variable})" if self.variable else "")
        yield f"    {self.why}" + (f", in {self.given}" if self.given else "")
        if self.expected:
            yield (
                f"    {self.expected}" if self.expected.startswith("did you mean") else f"    expected: {self.expected}"
            )


class SettingsError(Exception):
    """Settings cannot be used; ``str()`` of it is one block for the operator."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = "one setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        lines = [f"Tillstream does not start: {count} wrong."]
        for problem in problems:
            lines += ["", *problem.lines()]
        lines += ["", "`tillstream settings` explains every setting."]
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


class Inconsistent(ValueError):
    """Settings that are right one by one, but not together. Pydantic carries it to ``load_settings``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.name}: {problem.why}" for problem in problems))
        self.problems = tuple(problems)

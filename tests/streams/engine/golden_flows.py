"""The golden samples of the flows: what each mapping makes of a document, kept beside it.

A case is a JSON file in ``tests/data/flows/<flow>``: ``direction``, ``sample`` (the document, or the path of one below
``tests/data``), ``context``, and what must come of it: ``output`` and ``findings``. A changed mapping changes them on
purpose: ``python -m tests.streams.engine.golden_flows`` writes them anew, and the diff is what a reviewer reads.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import orjson

from streams.engine import load
from streams.engine.sample import Direction, Trial, try_sample

DATA = Path(__file__).parents[2] / "data"
FLOWS = DATA / "flows"

catalog = cache(load)


class Case(NamedTuple):
    """One golden sample."""

    flow: str
    file: Path
    values: dict[str, Any]

    @property
    def direction(self) -> Direction:
        return cast("Direction", self.values["direction"])

    def sample(self) -> dict[str, Any]:
        found = self.values["sample"]
        document: dict[str, Any] = orjson.loads((DATA / found).read_bytes()) if isinstance(found, str) else found
        return document

    def trial(self) -> Trial:
        """What the mapping makes of it now."""
        flow = catalog().flows[self.flow]
        (trial,) = try_sample(catalog(), flow, self.direction, self.sample(), self.values["context"])
        return trial

    def __str__(self) -> str:
        return f"{self.flow}-{self.file.stem}"


def cases() -> list[Case]:
    """All of them."""
    return [Case(file.parent.name, file, orjson.loads(file.read_bytes())) for file in sorted(FLOWS.glob("*/*.json"))]


def result(trial: Trial) -> dict[str, Any]:
    """What a case keeps of a trial; amounts as they are written."""
    found: dict[str, Any] = {"output": trial.output} if trial.error is None else {"error": trial.error.message}
    found["findings"] = [f"{each.severity.value} {each.rule}: {each.message}" for each in trial.findings]
    values: dict[str, Any] = orjson.loads(orjson.dumps(found, default=str))
    return values


def _write() -> None:
    for case in cases():
        given = {key: case.values[key] for key in ("direction", "sample", "context")}
        case.file.write_bytes(orjson.dumps(given | result(case.trial()), option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    _write()

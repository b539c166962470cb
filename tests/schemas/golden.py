"""The golden corpus: bodies of canonical records of every version that was ever written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import orjson

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


class Golden(NamedTuple):
    """One body of the corpus."""

    entity: str
    version: int
    name: str

    @property
    def body(self) -> bytes:
        return (GOLDEN / self.entity / f"v{self.version}" / f"{self.name}.json").read_bytes()

    def __str__(self) -> str:
        return f"{self.entity}-v{self.version}-{self.name}"


def corpus() -> list[Golden]:
    files = sorted(GOLDEN.glob("*/v*/*.json"))
    return [Golden(file.parent.parent.name, int(file.parent.name.removeprefix("v")), file.stem) for file in files]


def golden(entity: str, name: str, **changes: Any) -> dict[str, Any]:
    """A document of the first version, with changes at its top."""
    document: dict[str, Any] = orjson.loads(Golden(entity, 1, name).body)
    return document | changes


def schema_of(entity: str, version: int) -> dict[str, Any]:
    """The JSON Schema that was checked in with a version."""
    file = GOLDEN / entity / f"v{version}.schema.json"
    if not file.exists():
        raise AssertionError(f"{file} is missing: write it with `tillstream schemas {entity}`")
    found: dict[str, Any] = orjson.loads(file.read_bytes())
    return found

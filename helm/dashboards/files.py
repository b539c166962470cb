"""The dashboards as the files that Grafana reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from helm.dashboards import business, flows, targets, workers

DIRECTORY = Path(__file__).parents[1] / "tillstream" / "dashboards"


def made() -> Mapping[str, str]:
    """What each file holds, by its name."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    boards = {"business": business, "flows": flows, "targets": targets, "workers": workers}
    return {f"{name}.json": encoder.encode(module.build().build()) + "\n" for name, module in boards.items()}


def write(directory: Path) -> None:
    """Write every dashboard, and remove the files of those that are no more."""
    directory.mkdir(parents=True, exist_ok=True)
    files = made()
    for name, text in files.items():
        (directory / name).write_text(text)
    for path in directory.glob("*.json"):
        if path.name not in files:
            path.unlink()


def differing(directory: Path) -> list[str]:
    """Names of files that are missing, too many, or not what the code makes."""
    files = made()
    there = {path.name: path.read_text() for path in directory.glob("*.json")}
    return sorted(name for name in files.keys() | there.keys() if files.get(name) != there.get(name))

"""The compose files as the tests read them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
PRODUCTION = DOCKER / "production"
FILES = {"sandboxes": DOCKER / "compose.yaml", "production": PRODUCTION / "compose.yaml"}
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")

Service = dict[str, Any]


def document(name: str) -> dict[str, Any]:
    """One compose file."""
    found: dict[str, Any] = yaml.safe_load(FILES[name].read_text())
    return found


def services(name: str) -> dict[str, Service]:
    """Its services by name, those of profiles among them."""
    found: dict[str, Service] = document(name)["services"]
    return found


def ours(name: str) -> dict[str, Service]:
    """Those that run Tillstream's image."""
    return {key: one for key, one in services(name).items() if "TILLSTREAM_IMAGE" in one["image"]}


def scraped(file: Path) -> dict[str, dict[str, str]]:
    """The labels of each target of a Prometheus's configuration."""
    (job,) = yaml.safe_load(file.read_text())["scrape_configs"]
    return {target: job["labels"] for job in job["static_configs"] for target in job["targets"]}

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
ROLES = ("ingress", "poll", "normalize", "inventory", "deliver-pos", "deliver-web")
"""In the order of the way."""
ONE_AT_A_TIME = {"topics", "migrate", "cli"}
"""Services that run before the roles, or when a person asks."""
UNITS = {"m": 1, "g": 1024}

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


def limits(name: str) -> dict[str, int]:
    """The memory that each service may take, in megabytes."""
    found = {key: one["mem_limit"] for key, one in services(name).items()}
    return {key: int(limit[:-1]) * UNITS[limit[-1]] for key, limit in found.items()}


def scraped(file: Path) -> dict[str, dict[str, str]]:
    """The labels of each target of a Prometheus's configuration."""
    (job,) = yaml.safe_load(file.read_text())["scrape_configs"]
    return {target: job["labels"] for job in job["static_configs"] for target in job["targets"]}

"""A real Prometheus on this machine, for as long as a test needs it."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from app.local.ports import HOST, free_ports
from app.local.process import ChildProcess
from tests.waiting import eventually

SCRAPE_SECONDS = 2
NAMESPACE = "demo"
CONFIG = f"""
global: {{scrape_interval: {SCRAPE_SECONDS}s}}
scrape_configs:
  - job_name: tillstream
    file_sd_configs: [{{files: [targets.json]}}]
"""


class PrometheusMissing(Exception):
    """There is no Prometheus on this machine; the message says how to get it."""


class QueryRefused(Exception):
    """Prometheus did not take a query; the message has both."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A Prometheus that answers."""

    url: str
    session: aiohttp.ClientSession

    async def numbers(self, query: str) -> Sequence[float]:
        """The finite values of a query's series at this moment. Raises QueryRefused."""
        async with self.session.get(f"{self.url}/api/v1/query", params={"query": query}) as response:
            answer = await response.json()
        if answer["status"] != "success":
            raise QueryRefused(f"{answer['error']}: {query}")
        values = [float(series["value"][1]) for series in answer["data"]["result"]]
        return [value for value in values if math.isfinite(value)]

    async def label_values(self, label: str, series: str) -> Sequence[str]:
        """The values of a label of some series."""
        address = f"{self.url}/api/v1/label/{label}/values"
        async with self.session.get(address, params={"match[]": series}) as response:
            answer = await response.json()
        return [str(value) for value in answer["data"]]


def installed() -> str:
    """Where Prometheus is. Raises PrometheusMissing."""
    program = shutil.which("prometheus")
    if program is None:
        raise PrometheusMissing("Prometheus is missing: apt-get install prometheus (its service need not run)")
    return program


@asynccontextmanager
async def prometheus(program: str, directory: Path, roles: Mapping[str, str]) -> AsyncIterator[Prometheus]:
    """One that scrapes ``/metrics`` of the roles (name -> base address)."""
    _configure(directory, roles)
    (port,) = free_ports(1)
    address = f"{HOST}:{port}"
    command = [
        program,
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
    ]
    child = ChildProcess.start(command, log=directory / "prometheus.log", pid_file=directory / "prometheus.pid")
    try:
        async with aiohttp.ClientSession() as session:
            running = Prometheus(f"http://{address}", session)
            await eventually(lambda: _ready(running))
            yield running
    finally:
        child.stop()


def _configure(directory: Path, roles: Mapping[str, str]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    (directory / "prometheus.yml").write_text(CONFIG)
    (directory / "targets.json").write_text(json.dumps([_target(role, url) for role, url in roles.items()]))


def _target(role: str, url: str) -> dict[str, object]:
    labels = {"namespace": NAMESPACE, "role": role}
    return {"targets": [url.removeprefix("http://")], "labels": labels}


async def _ready(running: Prometheus) -> bool:
    try:
        async with running.session.get(f"{running.url}/-/ready") as response:
            return response.ok
    except aiohttp.ClientError:
        return False

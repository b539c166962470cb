"""``make dashboards DEMO_SECONDS=30``: a real demo, scraped by a real Prometheus, that every panel is asked of.

The demo runs until it is told to close: when the shop has traded that long and every query of every panel has returned
data, or some time later. Exit code 0 only if the demo balances and no panel stayed empty.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from app.demo.options import DemoOptions, OptionError
from tests.dashboards.boards import asked
from tests.dashboards.prometheus import Prometheus, PrometheusMissing, installed, prometheus
from tests.dashboards.proof import Proof
from tests.waiting import eventually

SECONDS = 30
"""How long the shop trades without ``DEMO_SECONDS``."""
PATIENCE = 120.0
"""How much longer it may, until every panel has shown something."""
START_SECONDS = 180.0
DIRECTORY = Path(".tillstream/prometheus")
STATUS = "DEMO_STATUS_"
CHECKS = (("balance",), ("reconcile", "stock"), ("doctor",))
"""What a schedule runs beside the roles; their results are metrics, too."""


async def main() -> int:
    """Run the demo, the checks and the questions. Returns the exit code."""
    console = Console(highlight=False)
    try:
        program, options = installed(), DemoOptions.from_environment(os.environ)
    except (PrometheusMissing, OptionError) as error:
        console.print(str(error))
        return 1
    options = replace(options, seconds=options.seconds or SECONDS)
    began = time.time()
    demo = await _tillstream("demo", environment={"DEMO_SECONDS": "0"})
    proof = Proof(list(asked()))
    told: Mapping[str, str] = {}
    try:
        told = await _told(options.directory / "env", demo, began)
        if told:
            roles = {_role(name): url for name, url in told.items() if name.startswith(STATUS)}
            async with prometheus(program, DIRECTORY, roles) as server:
                await _watch(demo, server, proof, options, told)
    finally:
        if demo.returncode is None:
            demo.send_signal(signal.SIGINT)
        balanced = await demo.wait() == 0
    if not told:
        return 1
    console.print("the dashboards:", *proof.lines(), sep="\n", soft_wrap=True, markup=False)
    return int(not balanced or bool(proof.open) or bool(proof.empty_variables))


async def _watch(
    demo: Process, server: Prometheus, proof: Proof, options: DemoOptions, told: Mapping[str, str]
) -> None:
    """Ask until the shop has traded long enough and everything has been answered, or patience ends."""
    began = time.monotonic()
    checks = asyncio.create_task(_check(server, told, options.directory / "checks.log"))
    while demo.returncode is None:
        proven = await proof.look(server)
        traded = time.monotonic() - began
        if traded >= options.seconds and (proven or traded >= options.seconds + PATIENCE):
            break
        await asyncio.sleep(1)
    checks.cancel()


async def _check(server: Prometheus, environment: Mapping[str, str], log: Path) -> None:
    """Run each check once, when there is something to check."""
    await eventually(lambda: _something_taken(server))
    with log.open("ab") as output:
        for arguments in CHECKS:
            check = await _tillstream(*arguments, environment=environment, output=output.fileno())
            try:
                await check.wait()
            finally:
                if check.returncode is None:
                    check.kill()


async def _something_taken(server: Prometheus) -> bool:
    return any(await server.numbers("sum(tillstream_receipts_total)"))


async def _tillstream(*arguments: str, environment: Mapping[str, str], output: int | None = None) -> Process:
    command = [sys.executable, "-m", "app.cli", *arguments]
    return await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environment}, stdout=output, stderr=output
    )


async def _told(env_file: Path, demo: Process, since: float) -> Mapping[str, str]:
    """What the demo wrote for a second terminal, as soon as it has; nothing if it does not start."""
    deadline = time.monotonic() + START_SECONDS
    while demo.returncode is None and time.monotonic() < deadline:
        if told := _exported(env_file, since):
            return told
        await asyncio.sleep(0.2)
    return {}


def _exported(env_file: Path, since: float) -> Mapping[str, str]:
    """The variables in a file that was written since; nothing if it was not."""
    if not env_file.exists() or env_file.stat().st_mtime < since:
        return {}
    assignments = [shlex.split(line)[1].partition("=") for line in env_file.read_text().splitlines()]
    return {name: value for name, _, value in assignments}


def _role(variable: str) -> str:
    return variable.removeprefix(STATUS).lower().replace("_", "-")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

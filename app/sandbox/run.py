"""Running one sandbox as a process of its own (``tillstream sandbox magento|heartland``)."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Literal, cast

from app.sandbox.server import SandboxHandle, SandboxOptions

System = Literal["magento", "heartland"]
Start = Callable[[SandboxOptions], Awaitable[SandboxHandle]]


def run_sandbox(system: System, options: SandboxOptions) -> int:
    """Serve until SIGINT or SIGTERM; prints ``<system> sandbox on <url>`` when it listens. Returns the exit code."""
    asyncio.run(_run(system, options))
    return 0


async def _run(system: System, options: SandboxOptions) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    handle = await start(system, options)
    sys.stdout.write(f"{system} sandbox on {handle.url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await handle.stop()


async def start(system: System, options: SandboxOptions) -> SandboxHandle:
    """Start a sandbox in this event loop. Each system's ``server`` module has a function ``start(options)``."""
    module = importlib.import_module(f"app.sandbox.{system}.server")
    return await cast(Start, module.start)(options)


async def start_magento(options: SandboxOptions) -> SandboxHandle:
    """Start the Magento sandbox in this event loop."""
    return await start("magento", options)


async def start_heartland(options: SandboxOptions) -> SandboxHandle:
    """Start the Heartland sandbox in this event loop."""
    return await start("heartland", options)

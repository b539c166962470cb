"""``tillstream resume``: what is stopped, and the command that lets it go on."""

from __future__ import annotations

from app.commands.store import say, with_store
from app.settings import Settings
from app.store import Store
from streams.ports import FlowStop
from streams.runtime.flood import KEYS
from streams.runtime.stops import told


async def show(settings: Settings) -> int:
    """List the flows that are stopped, with why and the command. Returns 0."""

    async def work(store: Store) -> int:
        stopped = await store.stops.current()
        for stop in stopped:
            say(told(stop))
        say(f"{len(stopped)} stopped" if stopped else "No flow is stopped")
        return 0

    return await with_store(settings, work)


async def resume(settings: Settings, flow: str, target: str | None, *, by: str, reason: str) -> int:
    """Let a flow go on in every stage where it is stopped, or in the one of that target.

    Returns 0, or 1 if it is not stopped.
    """

    async def work(store: Store) -> int:
        stopped = await store.stops.current()
        chosen = [stop for stop in stopped if stop.flow == flow and target in (None, stop.target)]
        resumed = [stop for stop in chosen if await store.stops.resume(stop, by=by, reason=reason)]
        for stop in resumed:
            say(
                f"The flow '{stop.flow}' goes on in {stop.group} within seconds, with what waited. If everything still "
                f"fails, it stops again after the next {KEYS} orders or SKUs. What went to review before it stopped is "
                f"there still: {_review(stop)}"
            )
        if not resumed:
            others = ", ".join(sorted({stop.flow for stop in stopped})) or "nothing is"
            say(f"No flow '{flow}'{f' to {target}' if target else ''} is stopped (stopped: {others})")
        return 0 if resumed else 1

    return await with_store(settings, work)


def _review(stop: FlowStop) -> str:
    target = f" --target {stop.target}" if stop.target else ""
    return f"tillstream dead-letters replay --flow {stop.flow}{target} --limit 1000"

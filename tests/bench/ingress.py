"""Ingress: webhooks that Kafka has, in a second, beside loops that do next to nothing but take and publish them.

The bar is against the loop that checks signatures, as the one did that the bar was first measured with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from app.kafka_admin import topic_sizes
from streams.topics import PARTITIONS, Topic, raw
from tests.bench import orders
from tests.bench.children import BenchFailed
from tests.bench.profiling import profile
from tests.bench.report import Line, Part
from tests.bench.resources import usage
from tests.bench.sender import Acks, send_back_to_back, signed_request
from tests.bench.stand import INGRESS, Stand, stand

BAR = 0.8
CONNECTIONS = 64
ROUNDS = 3
ROUND_SECONDS = 3.0
WARM_UP_SECONDS = 1.0
PROFILE_SECONDS = 4.0
REQUESTS = 500
"""Different requests, sent in turn; a webhook may come again."""

LOOPS = "loops"
BARE = Topic("bench.bare", PARTITIONS)
RAW = Topic(raw("magento", "order"), PARTITIONS)


@dataclass(slots=True)
class Rounds:
    """What one of them did."""

    acks: list[Acks] = field(default_factory=list)
    cpu_seconds: float = 0.0

    @property
    def accepted(self) -> int:
        """Webhooks answered with 202."""
        return sum(acks.accepted for acks in self.acks)

    @property
    def refused(self) -> int:
        """Webhooks answered with anything else."""
        return sum(acks.refused for acks in self.acks)

    @property
    def per_second(self) -> float:
        """Accepted in a second, over all rounds."""
        return self.accepted / sum(acks.seconds for acks in self.acks)

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the process for one webhook; other programs on the machine weigh less on it."""
        return self.cpu_seconds / self.accepted * 1e6


@dataclass(frozen=True, slots=True)
class Contest:
    """Rounds of all three in turn, so that what else this machine does weighs on all alike."""

    ours: Rounds = field(default_factory=Rounds)
    bare: Rounds = field(default_factory=Rounds)
    least: Rounds = field(default_factory=Rounds)


async def measure(directory: Path, console: Console) -> Part:
    """Run the servers and send to them in turn, whole orders first, then webhooks that are only hints."""
    async with stand(directory, console, (BARE,)) as on:
        await on.start(INGRESS)
        loops = ["tests.bench.bare_ingress", on.kafka.bootstrap_servers, str(on.sink_port), BARE.name, on.secret]
        await on.start_server(LOOPS, loops, on.sink_port)
        contests = {
            "whole orders, 5 to 16 KB": await _contest(on, orders.body_of),
            "hints, 45 bytes": await _contest(on, hint_of),
        }
        await _check(on, list(contests.values()))
        looking = asyncio.create_task(profile({INGRESS.name: on.children.pids[INGRESS.name]}, PROFILE_SECONDS))
        whole = _requests(on, "webhooks", orders.body_of)
        await send_back_to_back(on.ingress_port, whole, connections=CONNECTIONS, seconds=PROFILE_SECONDS + 1)
        profiles = await looking
    lines = [line for what, contest in contests.items() for line in _lines(what, contest)]
    figures = {
        what: {name: _figures(getattr(contest, name)) for name in ("ours", "bare", "least")}
        for what, contest in contests.items()
    }
    notes = [
        f"{CONNECTIONS} connections, {ROUNDS} rounds of {ROUND_SECONDS:.0f} s for each of the three in turn",
        "both loops are aiohttp and aiokafka and nothing else (tests/bench/bare_ingress.py)",
    ]
    return Part("Ingress", lines, figures, profiles, notes)


def _lines(what: str, contest: Contest) -> list[Line]:
    ours, bare, least = contest.ours, contest.bare, contest.least
    ratio = ours.per_second / least.per_second
    return [
        Line(
            f"webhooks acknowledged, {what}",
            f"{ours.per_second:,.0f}/s",
            f"{least.per_second:,.0f}/s loop that checks signatures",
            ratio,
            f"≥ {BAR}",
            ratio >= BAR,
        ),
        Line(
            "  processor time of the process for one",
            f"{ours.cpu_microseconds:,.0f} µs",
            f"{least.cpu_microseconds:,.0f} µs",
            ours.cpu_microseconds / least.cpu_microseconds,
        ),
        Line(
            "  the same, beside a loop that checks nothing",
            f"{ours.per_second:,.0f}/s",
            f"{bare.per_second:,.0f}/s bare loop",
            ours.per_second / bare.per_second,
        ),
        Line(
            "  processor time of the process for one",
            f"{ours.cpu_microseconds:,.0f} µs",
            f"{bare.cpu_microseconds:,.0f} µs",
            ours.cpu_microseconds / bare.cpu_microseconds,
        ),
    ]


def _figures(rounds: Rounds) -> dict[str, object]:
    return {
        "per_second": rounds.per_second,
        "rounds": [acks.per_second for acks in rounds.acks],
        "cpu_microseconds_per_webhook": rounds.cpu_microseconds,
    }


def hint_of(order: int) -> bytes:
    """A webhook that only tells which order changed."""
    return b'{"entity_id":%d,"increment_id":"%s"}' % (order, orders.number_of(order).encode())


def _requests(on: Stand, path: str, body_of: Callable[[int], bytes]) -> list[bytes]:
    return [signed_request(on.secret, order, body_of(order), f"/{path}/web/order") for order in range(1, REQUESTS + 1)]


async def _contest(on: Stand, body_of: Callable[[int], bytes]) -> Contest:
    contest = Contest()
    sides = (
        (INGRESS.name, on.ingress_port, _requests(on, "webhooks", body_of), contest.ours),
        (LOOPS, on.sink_port, _requests(on, "bare", body_of), contest.bare),
        (LOOPS, on.sink_port, _requests(on, "least", body_of), contest.least),
    )
    for _, port, requests, _ in sides:
        await send_back_to_back(port, requests, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
    for _ in range(ROUNDS):
        for name, port, requests, rounds in sides:
            pid = on.children.pids[name]
            before = usage(pid).cpu_seconds
            rounds.acks.append(await send_back_to_back(port, requests, connections=CONNECTIONS, seconds=ROUND_SECONDS))
            rounds.cpu_seconds += usage(pid).cpu_seconds - before
            on.children.check()
    return contest


async def _check(on: Stand, contests: Sequence[Contest]) -> None:
    """Every request was accepted, and Kafka has at least as many records. Raises BenchFailed."""
    ours = [contest.ours for contest in contests]
    loops = [rounds for contest in contests for rounds in (contest.bare, contest.least)]
    for topic, side in ((RAW, ours), (BARE, loops)):
        accepted, refused = sum(rounds.accepted for rounds in side), sum(rounds.refused for rounds in side)
        kept = (await topic_sizes(on.kafka_settings, [topic]))[0].records
        if refused or kept < accepted:
            raise BenchFailed(f"{topic.name}: {accepted} accepted, {refused} refused, {kept} in Kafka")

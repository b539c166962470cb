"""Ingress: webhooks that Kafka has, in a second, beside a loop that does nothing but take and publish them."""

from __future__ import annotations

import asyncio
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
ROUND_SECONDS = 4.0
WARM_UP_SECONDS = 1.0
PROFILE_SECONDS = 4.0
REQUESTS = 500
"""Different requests, sent in turn; a webhook may come again."""

BARE_LOOP = "bare loop"
BARE = Topic("bench.bare", PARTITIONS)
RAW = Topic(raw("magento", "order"), PARTITIONS)


@dataclass(slots=True)
class Rounds:
    """What one of the two did."""

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
class Duel:
    """Rounds of both in turn, so that what else this machine does weighs on both alike."""

    ours: Rounds
    bare: Rounds

    @property
    def ratio(self) -> float:
        """Ours to theirs, over all rounds."""
        return self.ours.per_second / self.bare.per_second


async def measure(directory: Path, console: Console) -> Part:
    """Run both servers and send to them in turn, whole orders first, then webhooks that are only hints."""
    async with stand(directory, console, (BARE,)) as on:
        await on.start(INGRESS)
        bare = ["tests.bench.bare_ingress", on.kafka.bootstrap_servers, str(on.sink_port), BARE.name]
        await on.start_server(BARE_LOOP, bare, on.sink_port)
        whole = [signed_request(on.secret, order, orders.body_of(order)) for order in range(1, REQUESTS + 1)]
        thin = [signed_request(on.secret, order, hint_of(order)) for order in range(1, REQUESTS + 1)]
        duels = {"whole orders, 5 to 16 KB": await _duel(on, whole), "hints, 45 bytes": await _duel(on, thin)}
        await _check(on, duels)
        profiling = asyncio.create_task(profile({INGRESS.name: on.children.pids[INGRESS.name]}, PROFILE_SECONDS))
        await send_back_to_back(on.ingress_port, whole, connections=CONNECTIONS, seconds=PROFILE_SECONDS + 1)
        profiles = await profiling
    lines = [line for what, duel in duels.items() for line in _lines(what, duel)]
    figures = {
        what: {"ratio": duel.ratio, "ours": _figures(duel.ours), "bare": _figures(duel.bare)}
        for what, duel in duels.items()
    }
    notes = [
        f"{CONNECTIONS} connections, {ROUNDS} rounds of {ROUND_SECONDS:.0f} s for each of the two in turn",
        "the bare loop checks no signature and looks at no body (tests/bench/bare_ingress.py)",
    ]
    return Part("Ingress", lines, figures, profiles, notes)


def _lines(what: str, duel: Duel) -> list[Line]:
    ours, bare = duel.ours, duel.bare
    return [
        Line(
            f"webhooks acknowledged, {what}",
            f"{ours.per_second:,.0f}/s",
            f"{bare.per_second:,.0f}/s bare loop",
            duel.ratio,
            f"≥ {BAR}",
            duel.ratio >= BAR,
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


async def _duel(on: Stand, requests: list[bytes]) -> Duel:
    ours, bare = Rounds(), Rounds()
    sides = ((on.ingress_port, INGRESS.name, ours), (on.sink_port, BARE_LOOP, bare))
    for port, _, _ in sides:
        await send_back_to_back(port, requests, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
    for _ in range(ROUNDS):
        for port, name, rounds in sides:
            pid = on.children.pids[name]
            before = usage(pid).cpu_seconds
            rounds.acks.append(await send_back_to_back(port, requests, connections=CONNECTIONS, seconds=ROUND_SECONDS))
            rounds.cpu_seconds += usage(pid).cpu_seconds - before
            on.children.check()
    return Duel(ours, bare)


async def _check(on: Stand, duels: dict[str, Duel]) -> None:
    """Every request was accepted, and Kafka has at least as many records. Raises BenchFailed."""
    both = [duel.ours for duel in duels.values()], [duel.bare for duel in duels.values()]
    for topic, side in zip((RAW, BARE), both, strict=True):
        accepted, refused = sum(rounds.accepted for rounds in side), sum(rounds.refused for rounds in side)
        kept = (await topic_sizes(on.kafka_settings, [topic]))[0].records
        if refused or kept < accepted:
            raise BenchFailed(f"{topic.name}: {accepted} accepted, {refused} refused, {kept} in Kafka")

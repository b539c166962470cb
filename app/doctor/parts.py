"""Kafka, the store, the flows, and the key of the gift cards."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from app.doctor.brokers import brokers
from app.doctor.database import database
from app.doctor.finding import Finding, note, ok, wrong
from app.kafka_admin import TopicReport, TopicState, compare_topics
from app.settings import Settings
from app.store import Store
from app.ways import all_ways, flows_of
from schemas.documents.flow import Mode
from streams import groups
from streams.engine.errors import DocumentError
from streams.engine.load import load
from streams.errors import TillstreamError
from streams.guards.words import decisions, told
from streams.inventory import oversell
from streams.ports import Clock, FlowStop, OversoldSku, Way
from streams.runtime.stops import resume_command
from streams.topics import TOPICS


async def kafka(settings: Settings) -> list[Finding]:
    """Whether Kafka answers and has the topics as declared."""
    try:
        reports = await compare_topics(settings.kafka, TOPICS)
    except TillstreamError as error:
        return [wrong("kafka", error.message)]
    missing = [report.name for report in reports if report.state is TopicState.MISSING]
    about = await brokers(settings.kafka, tuple(groups.consumed(settings.systems)))
    found = [finding for report in reports for finding in _differences(report)]
    if missing:
        found.append(wrong("kafka", f"topics are missing: {', '.join(missing)}", "tillstream topics create"))
    return [
        *about,
        *(found or [ok("kafka", f"{settings.kafka.bootstrap_servers} answers; {len(reports)} topics are as declared")]),
    ]


def _differences(report: TopicReport) -> Iterator[Finding]:
    for one in report.differences:
        yield wrong(f"topic {report.name}", f"{one.what} is {one.found}, declared {one.declared}", one.mend)


async def store(settings: Settings, clock: Clock) -> list[Finding]:
    """Whether PostgreSQL answers and has this version's tables."""
    opened = Store.open(settings.store.whole_url, role="doctor", clock=clock, connections=1)
    try:
        await opened.ping()
        itself = await database(settings, opened.database, clock)
        stopped = await opened.stops.current()
        holds = await opened.guards.open_holds()
        oversold = await opened.oversells.waiting()
        launched = {cutover.way for cutover in await opened.cutovers.current()}
    except TillstreamError as error:
        return [wrong("store", error.message)]
    finally:
        await opened.close()
    answers = ok("store", f"{opened.database.name} answers and has this version's tables")
    flows = [wrong(f"flow {stop.flow}", f"is stopped: {stop.reason}", _resume(stop)) for stop in stopped]
    holding = [wrong(f"guard {hold.number}", told(hold), decisions(hold)) for hold in holds]
    return [answers, *itself, *flows, *holding, *map(_oversold, oversold), *_not_launched(settings, launched)]


def _oversold(one: OversoldSku) -> Finding:
    told = oversell.told(one.connection, one.sku, one.oversell)
    return wrong(f"oversell {one.number}", told, oversell.decision(one.number))


def _not_launched(settings: Settings, launched: Collection[Way]) -> list[Finding]:
    """Flows that the settings let write, and that only observe because nobody has launched them."""
    try:
        known = flows_of(settings)
    except DocumentError:
        return []  # told with the flows
    ways = [way for way in all_ways(known, settings) if known[way.flow].mode is Mode.LIVE and way not in launched]
    mend = "see `tillstream observe {flow}`, then: tillstream launch {flow}"
    return [
        note(f"flow {way.flow}", f"{way}: not launched, it only observes", mend.format(flow=way.flow)) for way in ways
    ]


def _resume(stop: FlowStop) -> str:
    return f"mend the cause, then: {resume_command(stop)}"


def flows(settings: Settings) -> list[Finding]:
    """Whether the flow documents can be read, and which of them write."""
    modes = {name: flow.mode for name, flow in settings.flows.items()}
    try:
        catalog = load(settings.flows_directory, modes=modes)
    except DocumentError as error:
        return [wrong("flows", str(error), "mend the document, or take its id out of [flows]")]
    return [_flow(name, flow.mode) for name, flow in sorted(catalog.flows.items())]


def _flow(name: str, mode: Mode) -> Finding:
    if mode is Mode.LIVE:
        return ok(f"flow {name}", "live")
    if mode is Mode.OFF:
        return ok(f"flow {name}", f"off: it takes nothing until flows.{name}.mode is 'observe' or 'live'")
    return note(f"flow {name}", "observes and writes nothing", f"flows.{name}.mode = 'live', when its preview is right")


def gift_card_key(settings: Settings) -> list[Finding]:
    """Whether gift cards can be recognised, if a flow takes what they pay."""
    try:
        takes = any("gift_card" in flow.id for flow in flows_of(settings).values() if flow.mode is not Mode.OFF)
    except DocumentError:
        return []  # told with the flows
    if not takes or settings.gift_cards.fingerprint_key.get_secret_value():
        return []
    return [
        note(
            "gift cards",
            "gift_cards.fingerprint_key is not set: of a card only its last four characters are kept",
            "gift_cards.fingerprint_key: what `openssl rand -hex 32` prints, kept with your other secrets; never "
            "change it afterwards",
            "a card is then found by those four alone, and two that share them are for a person",
        )
    ]

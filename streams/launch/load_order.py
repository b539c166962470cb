"""The order in which flows are launched: what a flow refers to is there before it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from schemas.documents import FlowDocument
from schemas.documents.flow import Mode
from streams.launch.report import Place, Tally
from streams.launch.ways import WEBHOOK
from streams.ports import Way

LOAD_ORDER = ("product", "stock", "customer", "order")
"""Canonical entities in the order in which they are loaded; all others follow."""


def place(flow: FlowDocument) -> int:
    """Where a flow stands in the load order, from 0."""
    entity = flow.deliver.entity
    return LOAD_ORDER.index(entity) if entity in LOAD_ORDER else len(LOAD_ORDER)


def unfit(flow: FlowDocument, ways: Iterable[Way]) -> str:
    """Why a flow cannot be launched at all, as the settings are; empty if it can.

    Args:
        ways: every way of every flow.
    """
    if flow.mode is not Mode.LIVE:
        told = "keep it off" if flow.mode is Mode.OFF else "let it only observe"
        return f"the settings {told}: set flows.{flow.id}.mode = 'live', and start the workers again"
    if all(way.flow != flow.id for way in ways):
        return "no channel joins a connection that tells it with one that it writes to: add one to [channels]"
    return ""


def missing(
    flow: FlowDocument,
    flows: Collection[FlowDocument],
    ways: Sequence[Way],
    launched: Collection[Way],
    reports: Mapping[Place, Tally],
) -> list[str]:
    """Why a flow should not be launched yet, a reason each; empty if nothing stands before it.

    What stands before it must be launched between the same two connections, or have been reported with nothing that a
    person has to decide. A flow that the settings do not let write is one that the shop does not use, and a receiver of
    webhooks needs nothing to be there before.

    Args:
        flows: all of them, in the modes of the settings.
        ways: every way of every flow.
        launched: those that are launched.
        reports: what flows that observe would have done lately.
    """
    if flow.deliver.target == WEBHOOK:
        return []
    between = {frozenset(way[1:]) for way in ways if way.flow == flow.id}
    earlier = sorted((each for each in flows if place(each) < place(flow) and each.mode is Mode.LIVE), key=place)
    before = [way for each in earlier for way in ways if way.flow == each.id and frozenset(way[1:]) in between]
    reasons = (_not_done(way, reports.get((way.flow, way.target))) for way in before if way not in launched)
    return [reason for reason in reasons if reason]


def _not_done(way: Way, report: Tally | None) -> str:
    """What keeps a way that is not launched from counting as done; empty if its report is clean."""
    if report is None:
        return f"'{way}' comes before it, and is not launched: tillstream launch {way.flow}"
    if report.review:
        decide = f"{report.review} of its report wait for a person: tillstream observe {way.flow} --csv DIRECTORY"
        return f"'{way}' comes before it, and {decide}, then: tillstream launch {way.flow}"
    return ""

"""The order in which flows are launched: what a flow refers to is there before it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from schemas.documents import FlowDocument
from schemas.documents.flow import Mode
from streams.launch.ways import WEBHOOK
from streams.ports import Way

LOAD_ORDER = ("product", "stock", "customer", "order")
"""Canonical entities in the order in which they are loaded; all others follow."""


def place(flow: FlowDocument) -> int:
    """Where a flow stands in the load order, from 0."""
    entity = flow.deliver.entity
    return LOAD_ORDER.index(entity) if entity in LOAD_ORDER else len(LOAD_ORDER)


def missing(
    flow: FlowDocument, flows: Collection[FlowDocument], ways: Sequence[Way], launched: Collection[Way]
) -> list[str]:
    """Why a flow cannot be launched yet, a reason each; empty if it can.

    What stands before it must be launched between the same two connections. A flow that the settings leave in observe
    or off is one that the shop does not use, and a receiver of webhooks needs nothing to be there before.

    Args:
        flows: all of them, in the modes of the settings.
        ways: every way of every flow.
        launched: those that are launched.
    """
    if flow.mode is not Mode.LIVE:
        stands = "keep it off" if flow.mode is Mode.OFF else "let it only observe"
        return [f"the settings {stands}: set flows.{flow.id}.mode = 'live', and start the workers again"]
    own = [way for way in ways if way.flow == flow.id]
    if not own:
        return ["no channel joins a connection that tells it with one that it writes to: add one to [channels]"]
    if flow.deliver.target == WEBHOOK:
        return []
    between = {frozenset(way[1:]) for way in own}
    earlier = sorted((each for each in flows if place(each) < place(flow) and each.mode is Mode.LIVE), key=place)
    return [
        f"'{way}' comes before it, and is not launched: tillstream launch {way.flow}"
        for each in earlier
        for way in ways
        if way.flow == each.id and frozenset(way[1:]) in between and way not in launched
    ]

"""Any canonical entity to any receiver of webhooks. What is posted is the flow's mapping alone: a new flow is YAML."""

from __future__ import annotations

from typing import cast

from pydantic import AwareDatetime

from schemas.canonical import Canonical
from schemas.canonical.registry import MODELS
from schemas.documents import FlowDocument
from schemas.ids import Ref
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Plan, SetState, Turn
from streams.deliver.hashes import content_hash
from streams.deliver.operations import POST_EVENT
from streams.ports import EventReceiver, Revision

NAMES = ("number", "sale_number", "email", "sku")
"""Fields by which a person knows an entity; the first that it has."""


class _Told(Canonical):
    """What every entity has that a receiver can be told of."""

    ref: str
    updated_at: AwareDatetime


class EventPlanner:
    """``post_event``: each telling that is news, and each once more where no answer came."""

    blocks = False

    def __init__(self, desk: Desk, receiver: EventReceiver, entity: str, model: type[Canonical]) -> None:
        self._desk = desk
        self._receiver = receiver
        self._entity = entity
        self._model = model

    @property
    def model(self) -> type[Canonical]:
        """See `Planner.model`."""
        return self._model

    def about(self, entity: Canonical) -> About:
        """See `Planner.about`."""
        told = cast(_Told, entity)
        ref = Ref.parse(told.ref)
        content = content_hash(entity.model_dump(mode="json", exclude={"updated_at"}))
        return About(ref, Revision(told.updated_at, content), _name(entity, ref), ref)

    async def plan(self, entity: Canonical, turn: Turn) -> Plan:
        """See `Planner.plan`."""
        about = self.about(entity)
        document = self._desk.mapper.map_out(turn.work.flow, entity.model_dump(mode="json"), {})
        what = f"{self._entity} {about.subject}"
        event_id = f"{about.ref}-{about.revision.content[:16]}"
        call = SetState(POST_EVENT, what, lambda: self._receiver.post_event(event_id, what, document))
        return Plan(f"tell {self._desk.target} of {what}", f"told {self._desk.target} of {what}", (call,))


def event_planner(desk: Desk, receiver: EventReceiver, flow: FlowDocument) -> EventPlanner:
    """The planner of a flow whose target is a receiver."""
    entity = flow.deliver.entity
    return EventPlanner(desk, receiver, entity, MODELS[entity])


def _name(entity: Canonical, ref: Ref) -> str:
    return next((str(found) for name in NAMES if (found := getattr(entity, name, ""))), ref.native_id)

"""Reads the canonical entity in a record's body."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from schemas.canonical import Canonical
from streams.errors import Malformed
from streams.runtime.work import Arrival

Model = TypeVar("Model", bound=Canonical)


def entity_of(arrival: Arrival, model: type[Model]) -> Model:
    """The entity.

    Raises:
        Malformed: the body is not one. Only who writes to the topic, or edited the body, can have made it so.
    """
    record, envelope = arrival.record, arrival.envelope
    try:
        return model.model_validate_json(record.value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the body"
        raise Malformed(
            f"the event of '{envelope.subject or envelope.native_id}' at {record.topic} {record.partition}@"
            f"{record.offset} is no {model.__name__}: {place}: {problem['msg']}. Look at what writes to "
            f"{record.topic}; then replay it with an edited body, or discard it and save the order or item again "
            "where it was made",
            code="not_canonical",
        ) from error

"""Reads the canonical entity in a record's body."""

from __future__ import annotations

from typing import TypeVar, cast

from pydantic import ValidationError

from schemas.canonical import MODELS, Canonical, read_canonical
from streams.errors import Malformed
from streams.runtime.work import Arrival

Model = TypeVar("Model", bound=Canonical)


def entity_of(arrival: Arrival, model: type[Model]) -> Model:
    """The entity, whatever version wrote it.

    Raises:
        Malformed: the body is not one. Only who writes to the topic, or edited the body, can have made it so.
        NewerVersion: a newer Tillstream wrote it; `Stage` halts its partition.
    """
    told = arrival.envelope.entity
    if MODELS.get(told) is not model:
        raise _malformed(arrival, model, f"its header says that it is a '{told}'")
    try:
        return cast("Model", read_canonical(told, arrival.record.value))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the body"
        raise _malformed(arrival, model, f"{place}: {problem['msg']}") from error


def _malformed(arrival: Arrival, model: type[Canonical], problem: str) -> Malformed:
    record, envelope = arrival.record, arrival.envelope
    return Malformed(
        f"the event of '{envelope.subject or envelope.native_id}' at {record.topic} {record.partition}@"
        f"{record.offset} is no {model.__name__}: {problem}. Look at what writes to "
        f"{record.topic}; then replay it with an edited body, or discard it and save the order or item again "
        "where it was made",
        code="not_canonical",
    )

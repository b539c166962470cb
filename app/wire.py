"""An answer as a wire model."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from app import exact_json
from streams.errors import OutcomeUnknown, Rejected

Model = TypeVar("Model", bound=BaseModel)


def read_as(model: type[Model], content: bytes, what: str, *, done: bool = False) -> Model:
    """The answer, its amounts exact.

    Args:
        model: of `schemas.magento` or `schemas.heartland`.
        content: the body.
        what: connection and thing, for the message.
        done: the answer is to a mutation, which was done whatever the answer looks like.

    Raises:
        Rejected: it has another shape than documented; the message names the first field.
        OutcomeUnknown: the same, where something was done and the answer does not tell what.
    """
    try:
        return model.model_validate(exact_json.loads(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        problem = f"{where}: {first['msg']}, not {first['input']!r:.80}"
    except ValueError as error:
        problem = f"no JSON: {error}"
    unreadable = OutcomeUnknown if done else Rejected
    raise unreadable(
        f"{what} has an unexpected shape ({problem}): an extension or another version may have changed it. Look at it "
        "there, then replay.",
        code="unexpected_answer",
    )

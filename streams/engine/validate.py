"""Turns what a mapping made into a canonical entity, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from streams.engine.errors import shown
from streams.errors import Rejected

Model = TypeVar("Model", bound=BaseModel)

_LISTED = 3
"""Problems that one message lists; the first ones tell what is wrong."""


def validate(model: type[Model], values: Mapping[str, Any], subject: str) -> Model:
    """The entity.

    Args:
        model: canonical model.
        values: what the mapping made.
        subject: what a person calls the document: ``order 000000042``.

    Raises:
        Rejected: names subject, field and value of the first problems; no value of an entity with a place that a card's
            or gift card's number could be put in (``hide_input_in_errors``).
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_problem(model, problem) for problem in error.errors(include_url=False)]
        more = f"; and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
        raise Rejected(
            f"{subject} does not make a {model.__name__}: {'; '.join(problems[:_LISTED])}{more}. "
            "Mend it in the source system, or the mapping, and replay",
            code="invalid",
        ) from error


def _problem(model: type[BaseModel], problem: ErrorDetails) -> str:
    place = ".".join(map(str, problem["loc"])) or model.__name__
    hidden = problem["type"] == "missing" or model.model_config.get("hide_input_in_errors")
    value = "" if hidden else f" ({shown(problem['input'])})"
    return f"{place}: {problem['msg']}{value}"

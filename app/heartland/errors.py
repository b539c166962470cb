"""What Heartland's refusals mean: from any answer to the one error tree, whose class decides what happens next."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from pydantic import ValidationError

from app.http import Answer, Request
from app.http_errors import by_status, not_the_api, one_line, plain, require_json
from schemas.heartland import ErrorBody
from streams.errors import AuthFailed, Rejected, TillstreamError, Unavailable

NOTHING_DONE = "unavailable"
"""``error`` of Heartland's own 503, by which it says that it did nothing; a proxy's 503 has another body."""


def check(answer: Answer, request: Request, connection: str) -> None:
    """Return if Heartland did what was asked; raise the class of the error tree that fits otherwise."""
    place = f"{connection}: {request.operation} for {request.subject}"
    if not answer.good:
        raise _error(answer, request, place)
    require_json(answer, request, place)


def refused(field: str, code: str, tell: Callable[[str], str]) -> Callable[[ErrorBody], Rejected | None]:
    """Explains a refusal of that field in an operation's own words, given Heartland's reason; others it leaves."""

    def explain(body: ErrorBody) -> Rejected | None:
        reason = body.details.get(field)
        return None if reason is None else Rejected(tell(one_line(reason)), code=code)

    return explain


def body_of(answer: Answer) -> ErrorBody | None:
    """The error body, None if it is not Heartland's."""
    try:
        return ErrorBody.model_validate_json(answer.content)
    except ValidationError:
        return None


def is_missing(answer: Answer) -> bool:
    """True if Heartland says that it does not have the resource."""
    body = body_of(answer)
    return answer.status == HTTPStatus.NOT_FOUND and body is not None and body.error == "not_found"


def _error(answer: Answer, request: Request, place: str) -> TillstreamError:
    body = body_of(answer)
    text = one_line(body.text) if body is not None else plain(answer)
    told = f"{place}: Heartland answers {answer.status} '{text}'."
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return AuthFailed(f"{told} A token just issued is refused: check token_url and the account.", code="token")
        case HTTPStatus.FORBIDDEN:
            return AuthFailed(f"{told} The API client lacks a scope (read, write): grant it there.", code="scope")
        case HTTPStatus.NOT_FOUND if is_missing(answer):
            return Rejected(f"{told} If it was deleted there, discard this event; else replay.", code="not_found")
        case HTTPStatus.NOT_FOUND:
            return not_the_api(request, place, f"answers 404 '{text}'", acted=False)
        case HTTPStatus.SERVICE_UNAVAILABLE if body is not None and body.error == NOTHING_DONE:
            return Unavailable(f"{told} It did nothing; it is asked again until it answers.", code="down")
        case _:
            return by_status(answer, request, told)

"""What an HTTP status alone proves, and readable words out of any body; both connectors build on it."""

from __future__ import annotations

import html
import re
from http import HTTPStatus

from app.http import Answer, Request
from streams.errors import OutcomeUnknown, Rejected, Throttled, TillstreamError, Transient, Unavailable

LONGEST_TEXT = 300

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"\s+")


def by_status(answer: Answer, request: Request, told: str) -> TillstreamError:
    """The class of a refusal about which nothing is known but its status; ``told`` says what was answered."""
    code = f"http_{answer.status}"
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(f"{told} It is asked again later.", retry_after=answer.retry_after)
        case HTTPStatus.REQUEST_TIMEOUT if not request.mutates:
            return Transient(f"{told} It is asked again.", code=code)
        case status if status < HTTPStatus.BAD_REQUEST:
            where = answer.location or "nowhere"
            return Unavailable(f"{told} It leads to {where}: correct the connection's base_url.", code="redirected")
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT:
            return Rejected(f"{told} Mend what it names, then replay.", code=code)
        case _ if request.mutates:
            return OutcomeUnknown(
                f"{told} It may have been done; it is looked up before anything is sent again.", code=code
            )
        case HTTPStatus.INTERNAL_SERVER_ERROR:
            return Transient(f"{told} It is asked again.", code=code)
        case _:
            return Unavailable(f"{told} It is asked again until it answers.", code=code)


def not_the_api(request: Request, place: str, what: str, *, acted: bool) -> TillstreamError:
    """The other side is not the API that we expect: a proxy, a log-in page, a wrong address.

    Args:
        request: what was sent.
        place: connection, operation and subject.
        what: what came back instead.
        acted: whether a mutation may have been done all the same.
    """
    told = f"{place}: {what}, which is not the API. Check base_url and what stands in front of it."
    if request.mutates and acted:
        return OutcomeUnknown(told, code="not_the_api")
    return Unavailable(told, code="not_the_api")


def require_json(answer: Answer, request: Request, place: str) -> None:
    """A good answer that is not declared as JSON came from something else; raises as `not_the_api`."""
    if not answer.content_type.endswith("json"):
        what = f"answered {answer.status} with {answer.content_type or 'no content type'}"
        raise not_the_api(request, place, what, acted=True)


def plain(answer: Answer) -> str:
    """The body as one short line without HTML."""
    return one_line(answer.content.decode("utf-8", "replace"))


def one_line(text: str) -> str:
    """The text on one line, without HTML, cut where it gets too long for a log."""
    flat = _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text))).strip()
    return flat if len(flat) <= LONGEST_TEXT else f"{flat[:LONGEST_TEXT]}…"

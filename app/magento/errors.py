"""What Magento's refusals mean: from any answer to the one error tree, whose class decides what happens next.

Magento tells most refusals as ``{"message", "parameters"}``, some as ``{"messages": {"error": […]}}``, a PHP fault as
plain text, and proxies and maintenance as HTML. Its texts follow the store's locale: those known below are English, and
a text that is not known counts by its status alone.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from pydantic import ValidationError

from app.http import Answer, Request
from app.http_errors import by_status, not_the_api, one_line, plain, require_json
from schemas.magento import ErrorBody
from streams.errors import AuthFailed, OutcomeUnknown, Rejected, TillstreamError, Transient, Unavailable

NO_ROUTE = "Request does not match any route."

_LOCKED = re.compile(r"deadlock|lock wait timeout|SQLSTATE\[40001\]", re.IGNORECASE)
"""The database gave a statement up. What the request had stored by then may stay: a lock that was waited for in vain
rolls back its statement only, and observers of a save run after it."""

_UNPROVEN = re.compile(
    r"(could not|couldn't|can't|unable to|was not|wasn't) (be )?saved?\b|unable to send mail", re.IGNORECASE
)
"""Refusals that hide their reason: what they refuse may be stored (a comment whose mail failed is)."""

_OAUTH_FORM = re.compile(r"signature method|token length|consumer key length|oauth_|OAuth version", re.IGNORECASE)
_NONCE_USED = re.compile(r"nonce is already being used", re.IGNORECASE)
_NONCE_TIME = re.compile(r"validating the nonce", re.IGNORECASE)

_MAINTENANCE = "Service Temporarily Unavailable"
"""Heading of the page that Magento shows in maintenance mode, before it looks at the request. Its error report has
status 503 as well, and so have proxies that lost an answer: those prove nothing."""


def check(answer: Answer, request: Request, connection: str) -> None:
    """Return if Magento did what was asked; raise the class of the error tree that fits otherwise."""
    place = f"{connection}: {request.operation} for {request.subject}"
    if not answer.good:
        raise _error(answer, request, place)
    require_json(answer, request, place)


def is_missing(answer: Answer) -> bool:
    """True if Magento says that it does not have the entity."""
    body = _body(answer)
    return answer.status == HTTPStatus.NOT_FOUND and body is not None and NO_ROUTE not in body.texts


def said(answer: Answer) -> str:
    """What the answer says, on one short line."""
    body = _body(answer)
    return one_line("; ".join(body.texts)) if body is not None and body.texts else plain(answer)


def _body(answer: Answer) -> ErrorBody | None:
    try:
        return ErrorBody.model_validate_json(answer.content)
    except ValidationError:
        return None


def _error(answer: Answer, request: Request, place: str) -> TillstreamError:
    text = said(answer)
    told = f"{place}: Magento answers {answer.status} '{text}'."
    if _LOCKED.search(text):
        return _database_busy(request, told)
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return _unauthorised(answer, request, text, told)
        case HTTPStatus.NOT_FOUND if is_missing(answer):
            return Rejected(f"{told} If it was deleted there, discard this event; else replay.", code="not_found")
        case HTTPStatus.NOT_FOUND:
            return not_the_api(request, place, f"answers 404 '{text}'", acted=False)
        case HTTPStatus.SERVICE_UNAVAILABLE if _MAINTENANCE in text:
            return Unavailable(f"{told} It is in maintenance; work goes on when that ends.", code="maintenance")
        case HTTPStatus.BAD_REQUEST if _OAUTH_FORM.search(text):
            return AuthFailed(f"{told} Check the connection's OAuth secrets; each has 32 characters.", code="oauth")
        case HTTPStatus.BAD_REQUEST if request.mutates and _UNPROVEN.search(text):
            return OutcomeUnknown(
                f"{told} That text hides the reason (Magento's own log has it) and does not prove that nothing was "
                "done.",
                code="opaque_400",
            )
        case _:
            return by_status(answer, request, told)


def _database_busy(request: Request, told: str) -> TillstreamError:
    if request.mutates:
        return OutcomeUnknown(f"{told} Part of it may have been stored: it is looked up.", code="database_busy")
    return Transient(f"{told} It is read again.", code="database_busy")


def _unauthorised(answer: Answer, request: Request, text: str, told: str) -> TillstreamError:
    body = _body(answer)
    if body is None:
        return AuthFailed(f"{told} Something in front of Magento (firewall, password) refuses us.", code="forbidden")
    if isinstance(body.parameters, dict) and "resources" in body.parameters:
        return AuthFailed(
            f"{told} The integration lacks the right {body.parameters['resources']}: grant it in Magento's admin "
            "(System > Integrations > API). With a bearer token a revoked token looks the same.",
            code="missing_right",
        )
    if _NONCE_USED.search(text):
        return _came_twice(request, told)
    if _NONCE_TIME.search(text):
        return AuthFailed(
            f"{told} Compare this machine's clock with Magento's: ours may be over ten minutes ahead.", code="clock"
        )
    return AuthFailed(
        f"{told} Check the connection's four OAuth secrets, and that base_url is the address that Magento itself sees "
        "(scheme, host and port are signed).",
        code="credentials",
    )


def _came_twice(request: Request, told: str) -> TillstreamError:
    """Nonces are random and never repeated, so Magento has seen this very request before: a proxy sent it twice."""
    if request.mutates:
        return OutcomeUnknown(
            f"{told} Something in front of Magento sent our request twice, and the first may have been done: it is "
            "looked up. Switch such retries of POST off there.",
            code="nonce_used",
        )
    return Transient(f"{told} It is read again with a new nonce.", code="nonce_used")

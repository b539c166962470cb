"""What Magento's refusals mean: from any answer to the one error tree, whose class decides what happens next.

Magento tells most refusals as ``{"message", "parameters"}``, some as ``{"messages": {"error": […]}}``, a PHP fault as
plain text, and proxies and maintenance as HTML. Its texts follow the store's locale: those known below are English, and
a text that is not known counts by its status alone.
"""

from __future__ import annotations

import html
import re
from http import HTTPStatus

from pydantic import ValidationError

from app.http import Answer, Request
from schemas.magento import ErrorBody
from streams.errors import AuthFailed, OutcomeUnknown, Rejected, Throttled, TillstreamError, Transient, Unavailable

LONGEST_TEXT = 300
NO_ROUTE = "Request does not match any route."

_LOCKED = re.compile(r"deadlock|lock wait timeout|SQLSTATE\[40001\]", re.IGNORECASE)
"""The database gave the transaction up, and Magento rolled it back."""

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

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"\s+")


def check(answer: Answer, request: Request, connection: str) -> None:
    """Return if Magento did what was asked; raise the class of the error tree that fits otherwise."""
    place = f"{connection}: {request.operation} for {request.subject}"
    if answer.good:
        if not _is_json(answer):
            raise _no_magento(request, place, f"answered {answer.status} with {answer.content_type or 'no type'}")
        return
    raise _error(answer, request, place)


def is_missing(answer: Answer) -> bool:
    """True if Magento says that it does not have the entity."""
    body = _body(answer)
    return answer.status == HTTPStatus.NOT_FOUND and body is not None and NO_ROUTE not in body.texts


def said(answer: Answer) -> str:
    """What the answer says, on one line and not too long, without HTML."""
    body = _body(answer)
    if body is not None and body.texts:
        text = "; ".join(body.texts)
    else:
        text = html.unescape(_TAG.sub(" ", answer.content.decode("utf-8", "replace")))
    text = _SPACE.sub(" ", _TAG.sub("", text)).strip()
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _body(answer: Answer) -> ErrorBody | None:
    try:
        return ErrorBody.model_validate_json(answer.content)
    except ValidationError:
        return None


def _is_json(answer: Answer) -> bool:
    return answer.content_type.endswith("json")


def _error(answer: Answer, request: Request, place: str) -> TillstreamError:
    text = said(answer)
    told = f"{place}: Magento answers {answer.status} '{text}'."
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return _unauthorised(answer, text, told)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(f"{told} It is asked again later.", retry_after=answer.retry_after)
        case HTTPStatus.REQUEST_TIMEOUT:
            return Transient(f"{told} It is sent again.", code="http_408")
        case HTTPStatus.NOT_FOUND if not is_missing(answer):
            return _no_magento(request, place, f"answers 404 '{text}'", acted=False)
        case HTTPStatus.NOT_FOUND:
            return Rejected(f"{told} If it was deleted there, discard this event; else replay.", code="not_found")
        case status if status < HTTPStatus.BAD_REQUEST:
            return _no_magento(request, place, f"redirects ({status}) to {answer.location or 'nowhere'}", acted=False)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _server_error(answer, request, text, told)
        case _:
            return _refused(answer, request, text, told)


def _unauthorised(answer: Answer, text: str, told: str) -> TillstreamError:
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
        return Transient(f"{told} It is sent again with a new nonce.", code="nonce_used")
    if _NONCE_TIME.search(text):
        return AuthFailed(
            f"{told} Compare this machine's clock with Magento's: ours may be over ten minutes ahead.", code="clock"
        )
    return AuthFailed(
        f"{told} Check the connection's four OAuth secrets, and that base_url is the address that Magento itself sees "
        "(scheme, host and port are signed).",
        code="credentials",
    )


def _server_error(answer: Answer, request: Request, text: str, told: str) -> TillstreamError:
    if _LOCKED.search(text):
        return _locked(told)
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and _MAINTENANCE in text:
        return Unavailable(f"{told} It is in maintenance; work goes on when that ends.", code="maintenance")
    code = f"http_{answer.status}"
    if request.mutates:
        return OutcomeUnknown(
            f"{told} It may have been done; it is looked up before anything is sent again.", code=code
        )
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Transient(f"{told} It is asked again; a report id leads to Magento's var/report and log.", code=code)
    return Unavailable(f"{told} It is asked again until it answers.", code=code)


def _refused(answer: Answer, request: Request, text: str, told: str) -> TillstreamError:
    if _LOCKED.search(text):
        return _locked(told)
    if _OAUTH_FORM.search(text):
        return AuthFailed(f"{told} Check the connection's four OAuth secrets; each has 32 characters.", code="oauth")
    if request.mutates and _UNPROVEN.search(text):
        return OutcomeUnknown(
            f"{told} That text hides the reason (Magento's own log has it) and does not prove that nothing was done.",
            code="opaque_400",
        )
    return Rejected(f"{told} Mend what it names, then replay.", code=f"http_{answer.status}")


def _locked(told: str) -> Transient:
    return Transient(f"{told} Its database rolled back; it is sent again.", code="database_busy")


def _no_magento(request: Request, place: str, what: str, *, acted: bool = True) -> TillstreamError:
    """The other side is not the REST API that we expect: a proxy, a log-in page, a wrong address."""
    told = f"{place}: {what}, which is not Magento's REST API. Check base_url and what stands in front of it."
    if request.mutates and acted:
        return OutcomeUnknown(told, code="not_magento")
    return Unavailable(told, code="not_magento")

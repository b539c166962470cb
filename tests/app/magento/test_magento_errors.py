"""What each of Magento's refusals means for the pipeline; the bodies are captured ones (tests/data/magento)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.http import Answer, Request
from app.magento.errors import check, is_missing, said
from streams.errors import (
    AuthFailed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TillstreamError,
    Transient,
    Unavailable,
)

CASES = {
    case["name"]: case for case in orjson.loads((Path(__file__).parents[2] / "data/magento/errors.json").read_bytes())
}
READ = Request("read", "order 000000042", "GET", "https://shop.example/rest/V1/orders/42")
WRITE = Request("add_comment", "order 000000042", "POST", "https://shop.example/rest/V1/orders/42/comments", b"{}")
JSON = "application/json"
MAINTENANCE = (
    b"<!doctype html><html><head><title>Error 503: Service Unavailable</title><style>p{}</style></head>"
    b"<body><h1>Service Temporarily Unavailable</h1><p>Please try again later.</p></body></html>"
)


def captured(name: str) -> Answer:
    case = CASES[name]
    body = case["body"]
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return Answer(case["status"], content, case["content_type"].partition(";")[0])


def answer(status: int, body: Any, content_type: str = JSON, **more: Any) -> Answer:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, content, content_type, **more)


def failure(given: Answer, request: Request = WRITE) -> TillstreamError:
    with pytest.raises(TillstreamError) as caught:
        check(given, request, "web")
    return caught.value


@pytest.mark.parametrize(
    ("name", "on_write", "on_read"),
    [
        ("unknown key of a typed object", Rejected, Rejected),
        ("list cap of the host", Rejected, Rejected),
        ("wrong type", Rejected, Rejected),
        ("opaque shipment failure", OutcomeUnknown, Rejected),
        ("source items, several rows at fault", Rejected, Rejected),
        ("source items, ship-together bundle", Rejected, Rejected),
        ("source items, unknown source", OutcomeUnknown, Rejected),
        ("missing right", AuthFailed, AuthFailed),
        ("number taken", Rejected, Rejected),
        ("unknown filter field", OutcomeUnknown, Transient),
        ("oauth, unknown access token", AuthFailed, AuthFailed),
        ("oauth, bad signature", AuthFailed, AuthFailed),
        ("oauth, nonce reused", OutcomeUnknown, Transient),
        ("oauth, timestamp 700 s ahead", AuthFailed, AuthFailed),
        ("oauth, HMAC-SHA1", AuthFailed, AuthFailed),
        ("oauth, token not 32 characters", AuthFailed, AuthFailed),
        ("GET /V1/orders/99999", Rejected, Rejected),
        ("unknown route", Unavailable, Unavailable),
        ("broken JSON", Rejected, Rejected),
        ("comment with a status other than the current one", Rejected, Rejected),
        ("PUT /V1/products/S3 with an extra top-level key (plain text)", OutcomeUnknown, Transient),
    ],
)
def test_a_captured_refusal_becomes_its_class(name: str, on_write: type, on_read: type) -> None:
    assert type(failure(captured(name), WRITE)) is on_write
    assert type(failure(captured(name), READ)) is on_read


@pytest.mark.parametrize("name", CASES)
def test_every_message_names_connection_operation_subject_status_and_magentos_own_words(name: str) -> None:
    message = failure(captured(name)).message
    assert message.startswith("web: add_comment for order 000000042: ")
    assert str(CASES[name]["status"]) in message
    assert said(captured(name)) in message


def test_a_missing_right_is_named_and_not_taken_for_an_expired_token() -> None:
    error = failure(captured("missing right"))
    assert error.code == "missing_right"
    assert "grant it" in error.message
    assert "Magento_Sales::actions_view" in error.message


def test_a_clock_that_is_ahead_is_called_so() -> None:
    assert failure(captured("oauth, timestamp 700 s ahead")).code == "clock"


def test_a_refusal_by_something_in_front_of_magento_is_called_so() -> None:
    error = failure(answer(403, b"<html><body>Forbidden</body></html>", "text/html"))
    assert isinstance(error, AuthFailed)
    assert "in front of Magento" in error.message


@pytest.mark.parametrize(
    "text",
    [
        "SQLSTATE[40001]: Serialization failure: 1213 Deadlock found when trying to get lock",
        "Database deadlock found when trying to get lock",
        "Lock wait timeout exceeded; try restarting transaction",
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_a_database_lock_proves_nothing_about_a_write(text: str, status: int) -> None:
    """What was stored before the lock may stay: MySQL rolls the statement back, not the transaction."""
    on_write, on_read = failure(answer(status, {"message": text})), failure(answer(status, {"message": text}), READ)
    assert (type(on_write), on_write.code) == (OutcomeUnknown, "database_busy")
    assert (type(on_read), on_read.code) == (Transient, "database_busy")


@pytest.mark.rule("guards.notifying_comment_400")
def test_a_comment_whose_mail_failed_may_be_stored() -> None:
    error = failure(answer(400, {"message": "Unable to send mail. Please try again later."}))
    assert isinstance(error, OutcomeUnknown)


def test_throttling_carries_how_long_to_wait() -> None:
    error = failure(answer(429, {"message": "Too Many Requests"}, retry_after=7.0))
    assert isinstance(error, Throttled)
    assert error.retry_after == 7.0


def test_a_proxy_that_gave_up_waiting_proves_nothing_about_a_write() -> None:
    assert type(failure(answer(408, b"", "text/html"))) is OutcomeUnknown
    assert type(failure(answer(408, b"", "text/html"), READ)) is Transient


def test_maintenance_mode_proves_that_nothing_was_done() -> None:
    error = failure(answer(503, MAINTENANCE, "text/html"))
    assert type(error) is Unavailable
    assert error.code == "maintenance"


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_lost_the_answer_proves_nothing(status: int) -> None:
    page = b"<html><h1>Backend fetch failed</h1></html>"
    assert type(failure(answer(status, page, "text/html"), WRITE)) is OutcomeUnknown
    assert type(failure(answer(status, page, "text/html"), READ)) is Unavailable


def test_an_exception_report_with_status_503_is_not_maintenance() -> None:
    page = b"<html><h1>There has been an error processing your request</h1></html>"
    assert type(failure(answer(503, page, "text/html"))) is OutcomeUnknown


def test_a_redirect_is_not_followed_and_says_where_it_leads() -> None:
    error = failure(answer(301, b"", "text/html", location="https://www.shop.example/"))
    assert type(error) is Unavailable
    assert "https://www.shop.example/" in error.message


@pytest.mark.parametrize(("request_", "error"), [(READ, Unavailable), (WRITE, OutcomeUnknown)])
def test_a_200_that_is_no_json_is_not_magentos(request_: Request, error: type) -> None:
    assert type(failure(answer(200, b"<html>Log in</html>", "text/html"), request_)) is error


def test_good_json_passes() -> None:
    check(answer(200, []), WRITE, "web")


def test_only_magentos_own_404_says_that_the_entity_is_missing() -> None:
    assert is_missing(captured("GET /V1/orders/99999"))
    assert not is_missing(captured("unknown route"))
    assert not is_missing(answer(404, b"<html>Not Found</html>", "text/html"))


def test_long_and_marked_up_texts_are_shortened_to_one_plain_line() -> None:
    bundle = said(captured("source items, ship-together bundle"))
    assert "<a href" not in bundle
    assert "BUN" in bundle
    assert "\n" not in said(captured("comment with a status other than the current one"))
    assert len(said(answer(500, b"x" * 5000, "text/plain"))) < 400
    assert said(answer(503, MAINTENANCE, "text/html")).startswith("Error 503: Service Unavailable Service Temporarily")

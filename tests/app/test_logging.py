from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from app.logging import configure_logging

CARD = "4111111111111111"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = io.StringIO()
    configure_logging(stream=out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def only(lines: io.StringIO) -> dict[str, Any]:
    (line,) = lines.getvalue().splitlines()
    parsed = json.loads(line)
    assert isinstance(parsed, dict)
    return parsed


def test_a_line_is_json_with_time_level_and_what_it_is_about(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(
        receipt_id="r1", subject="000000042", stage="deliver", flow="order", step="create_order", target="pos"
    ):
        structlog.get_logger("streams.deliver.effect").info("order created", number="S-17")
    line = only(lines)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line["event"] == "order created"
    assert line["number"] == "S-17"
    assert line["logger"] == "streams.deliver.effect"
    about = {name: line[name] for name in ("receipt_id", "subject", "stage", "flow", "step", "target")}
    assert about == {
        "receipt_id": "r1",
        "subject": "000000042",
        "stage": "deliver",
        "flow": "order",
        "step": "create_order",
        "target": "pos",
    }


@pytest.mark.parametrize("library", ["aiokafka.consumer", "faust.app", "mode.service", "aiohttp.server"])
def test_libraries_log_through_the_same_way(lines: io.StringIO, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger(library)
    level = logger.level
    monkeypatch.setattr(logger, "disabled", False)
    logger.setLevel(logging.WARNING)  # whatever another test of this process has made of it, or of its parents
    monkeypatch.setattr(logger, "propagate", True)
    with structlog.contextvars.bound_contextvars(receipt_id="r1"):
        logging.getLogger(library).warning("node %s went away with %s", 1, CARD)
    logger.setLevel(level)
    line = only(lines)
    assert line["event"] == "node 1 went away with [card ...1111]"
    assert line["logger"] == library
    assert line["level"] == "warning"
    assert line["receipt_id"] == "r1"


def test_debug_is_not_written_at_info(lines: io.StringIO) -> None:
    structlog.get_logger("app").debug("detail")
    logging.getLogger("aiokafka").debug("detail")
    assert lines.getvalue() == ""


def test_card_numbers_are_masked_wherever_they_stand(lines: io.StringIO) -> None:
    structlog.get_logger("app").error(
        f"refused {CARD}", body={"payment": ["5555 5555 5555 4444"]}, cc_number="anything", note="378282246310005"
    )
    text = lines.getvalue()
    assert CARD not in text
    assert "5555 5555 5555 4444" not in text
    assert "378282246310005" not in text
    assert only(lines)["cc_number"] == "***"


def test_a_traceback_is_masked_and_tells_no_local_variables(lines: io.StringIO) -> None:
    def charge(secret_word: str) -> int:
        return int(f"cannot charge {CARD}")

    try:
        charge("xyzzy")
    except ValueError:
        structlog.get_logger("app").exception("failed")
    line = only(lines)
    assert "'cannot charge [card ...1111]'" in line["exception"]
    assert line["exception"].endswith("'")
    assert "secret_word =" not in lines.getvalue()


def test_secrets_are_masked_by_name_and_in_text(lines: io.StringIO) -> None:
    structlog.get_logger("app").info(
        "connect to postgresql://till:hunter2@db/till",
        headers={"Authorization": "Bearer abc.def", "Accept": "json"},
        client_secret="s3cret",
        sent='Authorization: OAuth oauth_token="t0k", oauth_signature="sig%3D"',
        curl="-H 'Authorization: Bearer eyJh.x'",
        hook="whsec_c2VjcmV0",
    )
    text = lines.getvalue()
    for secret in ("hunter2", "abc.def", "s3cret", "t0k", "sig%3D", "eyJh.x", "c2VjcmV0"):
        assert secret not in text
    line = only(lines)
    assert line["headers"] == {"Authorization": "***", "Accept": "json"}
    assert line["event"] == "connect to postgresql://till:***@db/till"


def test_numbers_that_operators_need_stay(lines: io.StringIO) -> None:
    structlog.get_logger("app").info("kept", received_ms=1732412345678, subject="000000042", offset=4111111)
    line = only(lines)
    assert line["received_ms"] == 1732412345678
    assert line["subject"] == "000000042"
    assert line["offset"] == 4111111


def test_a_terminal_gets_columns_masked_too() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = Terminal()
    try:
        configure_logging(stream=out)
        structlog.get_logger("app").info("paid", card=CARD)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
    assert "paid" in out.getvalue()
    assert CARD not in out.getvalue()
    assert not out.getvalue().startswith("{")

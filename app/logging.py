"""Log lines: one JSON object each on standard error, or columns on a terminal. Nothing secret gets through.

The lines of every library (aiohttp, aiokafka, faust, SQLAlchemy) take the same way as ours. What a line is about is
bound with ``structlog.contextvars``: receipt_id, subject, stage, flow, step, target.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from schemas.cards import mask_card_numbers

ABOUT = ("receipt_id", "subject", "stage", "flow", "step", "target")
"""What a line is about, in the order in which it is written."""

MASK = "***"

_SECRET_NAME = re.compile(
    r"secret|password|passwd|authori[sz]ation|signature|api_?key|(^|_)token$|bearer|cookie|cvv|cvc|cvn|cc_number"
    r"|card_?number|track_?data",
    re.IGNORECASE,
)
_SECRET_IN_TEXT = re.compile(
    r"(?P<before>Bearer\s+|whsec_|oauth_(?:token|signature|consumer_key)=\"?|(?:access_token|client_secret)=|://[^/\s:@]+:)"
    r"(?P<secret>[^\s\"',;&@\\]+)",
    re.IGNORECASE,
)

NOISY = dict.fromkeys(
    ("aiohttp.access", "aiokafka.consumer.subscription_state", "asyncio", "faust.sensors"), logging.WARNING
)
"""Loggers that say more than an operator needs, and from which level they are heard."""


def configure_logging(level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send all logging of this process to ``stream`` (standard error), masked; safe to call again.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
        stream: where lines go; columns instead of JSON if it is a terminal.
    """
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                masked,
                in_order,
                _renderer(out),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet in NOISY.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    logging.captureWarnings(capture=True)


def _renderer(out: TextIO) -> structlog.typing.Processor:
    if out.isatty():
        return structlog.dev.ConsoleRenderer(sort_keys=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what names a secret and what looks like one, at any depth; other objects become text first."""
    return {key: _masked_value(key, value) for key, value in event.items()}


def _masked_value(key: object, value: object) -> object:
    if isinstance(key, str) and _SECRET_NAME.search(key):
        return MASK
    if isinstance(value, dict):
        return {mask_text(str(inner)): _masked_value(inner, kept) for inner, kept in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_value("", kept) for kept in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = str(value)
    clean = mask_text(text)
    return value if isinstance(value, int) and clean == text else clean


def mask_text(text: str) -> str:
    """Replace card numbers, bearer tokens, OAuth parameters, webhook secrets and passwords in addresses."""
    return mask_card_numbers(_SECRET_IN_TEXT.sub(rf"\g<before>{MASK}", text))


def in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Time, level, event and what it is about first, so that lines read alike."""
    first = ("timestamp", "level", "event", *ABOUT)
    ordered: EventDict = {key: event[key] for key in first if key in event}
    ordered.update(event)
    return ordered

"""Why the door says no: what the sender is told, what is counted, and what is logged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import structlog

from streams.errors import Rejected, Unavailable
from streams.ports import Clock

log = structlog.get_logger(__name__)

LOG_SECONDS = 10.0
"""Refusals of one kind are logged at most once in this time: a flood of them must not become a flood of lines."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way to say no.

    Attributes:
        status: HTTP status.
        error: a stable word for the sender's program.
        message: for the sender's developer. Never repeats what was sent.
        reason: for our metrics and log, where more may be said than to a sender who is not known.
        detail: for our log.
    """

    NOT_ALLOWED: ClassVar[int] = 405
    UNAVAILABLE: ClassVar[int] = 503

    status: int
    error: str
    message: str
    reason: str
    detail: str = ""

    @classmethod
    def unauthorised(cls, reason: str) -> Refusal:
        """One answer for an unknown connection, a wrong signature and a stale time: it helps nobody to guess."""
        message = (
            "The connection is not known, or the signature or its time is not right. Check the address, the secret "
            "and the clock of the sender."
        )
        return cls(401, "unauthorised", message, reason)

    @classmethod
    def unknown_path(cls) -> Refusal:
        """Not a webhook's address."""
        return cls(404, "unknown_path", "Webhooks go to /webhooks/{connection}/{entity}.", "unknown_path")

    @classmethod
    def only_post(cls) -> Refusal:
        """Another method on a webhook's address."""
        return cls(cls.NOT_ALLOWED, "only_post", "Webhooks are sent with POST.", "only_post")

    @classmethod
    def unknown_entity(cls, system: str, entity: str) -> Refusal:
        """The address names something that we do not take from this system."""
        message = (
            f"No such webhook for {system}. See the addresses that `tillstream topics list` shows as raw.{system}.*."
        )
        return cls(404, "unknown_entity", message, "unknown_entity", entity[:64])

    @classmethod
    def not_json(cls, why: str) -> Refusal:
        """The body is not JSON."""
        return cls(400, "not_json", f"The body is not JSON: {why}.", "not_json", why)

    @classmethod
    def not_json_type(cls) -> Refusal:
        """The body is not even said to be JSON."""
        return cls(415, "not_json", "Send the body as Content-Type: application/json.", "content_type")

    @classmethod
    def encoded(cls) -> Refusal:
        """The signature is over the bytes as sent, so they must come as they were signed."""
        return cls(415, "encoded", "Send the body without Content-Encoding.", "content_encoding")

    @classmethod
    def too_large(cls, limit: int) -> Refusal:
        """More than we take."""
        return cls(413, "too_large", f"The body is larger than {limit} bytes.", "too_large")

    @classmethod
    def too_large_for_kafka(cls, error: Rejected) -> Refusal:
        """Below our cap, above the brokers'."""
        return cls(413, "too_large", "The body is larger than can be stored.", error.code, error.message)

    @classmethod
    def too_slow(cls, seconds: float) -> Refusal:
        """The body did not come in time."""
        return cls(408, "too_slow", f"The body did not arrive within {seconds:g} seconds.", "too_slow")

    @classmethod
    def card_data(cls, path: str) -> Refusal:
        """Card numbers never rest with us; a person at the sender must find out why one was sent."""
        message = (
            f"The body carries card data at {path or 'its top'}. Nothing was stored. Send a token or the last four "
            "digits instead, and find out how the number got there."
        )
        return cls(422, "card_data", message, "card_data", path)

    @classmethod
    def busy(cls) -> Refusal:
        """Too many requests at the same time."""
        return cls(cls.UNAVAILABLE, "busy", "Too many requests at once; send it again.", "busy")

    @classmethod
    def broken(cls) -> Refusal:
        """We failed in a way that nobody foresaw: the sender keeps the event."""
        return cls(cls.UNAVAILABLE, "unavailable", "The event could not be stored; send it again.", "broken")

    @classmethod
    def unavailable(cls, error: Unavailable) -> Refusal:
        """Kafka did not acknowledge: the sender keeps the event."""
        message = "The event could not be stored; send it again."
        return cls(cls.UNAVAILABLE, "unavailable", message, error.code or "unavailable", error.message)


class Refused(Exception):
    """The request is refused; carries the refusal to where it is answered."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class RefusalLog:
    """Logs the first refusal of a kind at once, and later ones as a number."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[tuple[int, str], float] = {}
        self._untold: Counter[tuple[int, str]] = Counter()

    def tell(self, refusal: Refusal, *, path: str) -> None:
        """Log it, unless one of its kind was logged just now."""
        kind = (refusal.status, refusal.reason)
        now = self._clock.now().timestamp()
        if now - self._told.get(kind, 0.0) < LOG_SECONDS:
            self._untold[kind] += 1
            return
        self._told[kind] = now
        log.warning(
            "webhook refused",
            status=refusal.status,
            reason=refusal.reason,
            detail=refusal.detail,
            path=path[:128],
            more_since_last=self._untold.pop(kind, 0),
        )

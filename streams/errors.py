"""The one error tree. The class decides what happens next; the message tells the operator what to do.

TillstreamError
├── Transient           the target provably did not act: retry with full-jitter backoff
│   └── Throttled       slow down; honours ``retry_after``
├── OutcomeUnknown      the bytes were written, the answer never came or proves nothing: read before acting again
├── Unavailable         the target is down: wait in the lane, and let Kafka hold what comes
├── AuthFailed          credentials or rights are wrong: the same, until a person mends the connection
├── DependencyMissing   something that this one refers to is not known yet: park on that link
├── Rejected            the target or a rule says no: a person decides
│   ├── AliasMissing    the target does not know the SKU: a person names its alias
│   ├── Doubtful        who a customer is in the target is not clear: a person links them
│   └── Guarded         too much would change at once: a person approves the whole list, or rejects it
└── Malformed           not readable at all: dead letter
"""

from __future__ import annotations

from datetime import datetime

from schemas.ids import MissingLink

GUARD = "guard"
"""Code of what a guard holds."""


class TillstreamError(Exception):
    """Base of all errors that the pipeline decides on.

    Attributes:
        message: what happened, to which order, and what to do next.
        code: a short stable word for grouping (``unknown_sku``, ``http_500``).
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Transient(TillstreamError):
    """The target provably did not act; the same request may be sent again after a backoff."""


class Throttled(Transient):
    """The target asks for less; ``retry_after`` is in seconds, None if it named none."""

    def __init__(self, message: str, *, code: str = "throttled", retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class OutcomeUnknown(TillstreamError):
    """A mutation's bytes were written and nothing proves whether it took effect (time-out, reset, 5xx, opaque 400).

    ``retry_at`` is set for a create-once: when its ledger row should be looked at again; and for a write that waits
    until nothing can come any more of an earlier one.
    """

    def __init__(self, message: str, *, code: str = "outcome_unknown", retry_at: datetime | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_at = retry_at


class Unavailable(TillstreamError):
    """The target cannot be reached at all; nothing was sent."""


class AuthFailed(TillstreamError):
    """Credentials are refused, or a right is missing; a person must mend the connection."""


class DependencyMissing(TillstreamError):
    """The event refers to something not linked yet; ``waits_for`` is the link that releases it."""

    def __init__(self, message: str, *, waits_for: MissingLink, code: str = "dependency_missing") -> None:
        super().__init__(message, code=code)
        self.waits_for = waits_for


class Rejected(TillstreamError):
    """A rule or the target says no, and will say no again; a person decides.

    ``blocks`` is False where later events of the order do not need this one.
    """

    def __init__(self, message: str, *, code: str = "", blocks: bool = True) -> None:
        super().__init__(message, code=code)
        self.blocks = blocks


class AliasMissing(Rejected):
    """The target does not know a SKU.

    ``sku`` is that SKU as the target was given it, ``waits_for`` the alias that releases the event, once that is known.
    """

    def __init__(
        self, message: str, *, sku: str, waits_for: MissingLink | None = None, code: str = "unknown_sku"
    ) -> None:
        super().__init__(message, code=code)
        self.sku = sku
        self.waits_for = waits_for


class Doubtful(Rejected):
    """Somebody in the target may be this customer, and only a person can say who; ``waits_for`` is the link that says
    it, and releases the event."""

    def __init__(self, message: str, *, waits_for: MissingLink, code: str = "doubtful_match") -> None:
        super().__init__(message, code=code)
        self.waits_for = waits_for


class Guarded(Rejected):
    """A guard holds the change, with a list of others; see `streams/guards/`. Later events do not need it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=GUARD, blocks=False)


class Malformed(TillstreamError):
    """The bytes are not what their topic promises; nothing can be read from them."""


PROVABLY_NOT_DONE = (Transient, Unavailable, AuthFailed, DependencyMissing, Rejected)
"""What a target's method raises where it did not act, and will not."""

"""What a store that is marked staging is never asked for: it is a copy, but its customers and their money are real."""

from __future__ import annotations

from collections.abc import Mapping

from streams.errors import Rejected

MAIL_ALWAYS = frozenset({"create_account", "notify_customer", "ready_for_pickup"})
"""Operations that write to the customer whatever they are told."""


def harmless(name: str, operation: str, subject: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """The body of a mutation, asked to tell nobody.

    Args:
        name: of the connection.

    Raises:
        Rejected: it would take money, or write to somebody whatever the body says. Nothing is sent.
    """
    if body.get("capture"):
        raise _refused(name, operation, subject, "takes money through the gateway")
    if operation in MAIL_ALWAYS:
        raise _refused(name, operation, subject, "writes to the customer")
    return {**body, "notify": False} if "notify" in body else body


def _refused(name: str, operation: str, subject: str, what: str) -> Rejected:
    return Rejected(
        f"{name} is marked as staging, and {operation} for {subject} {what}: nothing was sent. Discard this event, or "
        f"set connections.{name}.environment to production and replay.",
        code="staging",
    )

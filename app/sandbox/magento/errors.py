"""Magento's error answers: a message with placeholders, its parameters, and sometimes a list of errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Parameters = Mapping[str, object] | Sequence[object]

CRASHED = "An error has happened during application run. See exception log for details.\n"
NO_SUCH_ENTITY = "The entity that was requested doesn't exist. Verify the entity and try again."
REQUIRED = '"%fieldName" is required. Enter and try again.'
SEVERAL = "One or more input exceptions have occurred."
COULD_NOT_SAVE = {
    "add_comment": "Could not save the order status history.",
    "save_order": "Could not save the order.",
    "write_source_items": "Could not save Source Item",
    "ship_order": "Could not save a shipment, see error log for details",
    "invoice_order": "Could not save an invoice, see error log for details",
    "refund_order": "Could not save a Creditmemo, see error log for details",
    "refund_invoice": "Could not save a Creditmemo, see error log for details",
    "add_track": "The shipment tracking couldn't be saved.",
    "add_creditmemo_comment": "Could not save the creditmemo comment.",
    "add_invoice_comment": "Could not save the invoice comment.",
    "add_shipment_comment": "Could not save the shipment comment.",
}
"""By the operation's name: what Magento says in place of the reason."""


class ErrorItem(NamedTuple):
    """One entry of ``errors``."""

    message: str
    parameters: Parameters


class RestError(Exception):
    """A refusal with Magento's body. ``errors`` is only there where Magento sends a list."""

    def __init__(
        self, status: int, message: str, parameters: Parameters | None = None, errors: Sequence[ErrorItem] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = errors

    def body(self) -> dict[str, object]:
        """The JSON body."""
        body: dict[str, object] = {"message": self.message}
        if self.parameters is not None:
            body["parameters"] = self.parameters
        if self.errors:
            body["errors"] = [{"message": item.message, "parameters": item.parameters} for item in self.errors]
        return body


class CrashError(Exception):
    """PHP fell over: 500 with a plain text, no JSON."""


def not_found() -> RestError:
    """404 for an entity id that does not exist."""
    return RestError(404, NO_SUCH_ENTITY)


def internal_error() -> RestError:
    """500 as an uncaught exception inside the service gives."""
    report = f"webapi-{secrets.token_hex(7)[:13]}"
    return RestError(500, f"Internal Error. Details are available in Magento log file. Report ID: {report}")


def could_not_save(operation: str) -> RestError:
    """400 of a repository or service that caught any error while it saved, or after."""
    return RestError(400, COULD_NOT_SAVE.get(operation, "Could not save the entity."))


def missing(*fields: str) -> RestError:
    """400 for required fields that were not sent; more than one make a list."""
    items = [ErrorItem(REQUIRED, {"fieldName": name}) for name in fields]
    if len(items) == 1:
        return RestError(400, items[0].message, items[0].parameters)
    return RestError(400, SEVERAL, errors=items)


def unauthorised(resource: str) -> RestError:
    """401 as it is sent for no token, an unknown bearer token and a missing right alike."""
    return RestError(401, "The consumer isn't authorized to access %resources.", {"resources": resource})

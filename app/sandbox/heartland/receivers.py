"""Receivers of webhooks: who is told what, under which secret."""

from __future__ import annotations

import sqlite3

import orjson

from app.sandbox.heartland.account import Account, Call, Created
from app.sandbox.heartland.errors import not_found
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.values import Json, dump
from app.sandbox.webhooks import new_secret


def list_webhooks(account: Account, call: Call) -> Json:
    """GET /v1/webhooks."""
    return list_page(account, call, LISTING)


def get_webhook(account: Account, call: Call) -> Json:
    """GET /v1/webhooks/{WebhookID}."""
    return _show(_row(account, call))


def create_webhook(account: Account, call: Call) -> Created:
    """POST /v1/webhooks; the only answer that shows the secret."""
    call.resource_key = call.body["URL"]
    secret = new_secret()
    row = register(account, call.body, secret, call.now)
    return Created(_show(row) | {"Secret": secret}, f"/v1/webhooks/{row['webhook_id']}")


def delete_webhook(account: Account, call: Call) -> None:
    """DELETE /v1/webhooks/{WebhookID}."""
    row = _row(account, call)
    call.resource_key = row["url"]
    for table, column in (
        ("webhook_queue", "subscription_id"),
        ("webhook_subscriptions", "id"),
        ("webhook_registrations", "webhook_id"),
    ):
        account.connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (row["webhook_id"],))  # noqa: S608 - ours


def register(account: Account, wanted: Json, secret: str, now: str) -> sqlite3.Row:
    """Add a receiver, or replace the one with this URL."""
    events = tuple(wanted["Events"])
    webhook_id = account.sender.subscribe(account.connection, wanted["URL"], secret, events)
    account.connection.execute(
        "INSERT INTO webhook_registrations(webhook_id, external_id, url, events, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT(webhook_id) DO UPDATE SET external_id = excluded.external_id, events = excluded.events,"
        " updated_at = excluded.updated_at",
        (webhook_id, wanted.get("ExternalID", ""), wanted["URL"], dump(events).decode(), now),
    )
    row = account.one("SELECT * FROM webhook_registrations WHERE webhook_id = ?", webhook_id)
    assert row is not None  # noqa: S101 - it was just written
    return row


def _row(account: Account, call: Call) -> sqlite3.Row:
    webhook_id = call.params["WebhookID"]
    row = account.one("SELECT * FROM webhook_registrations WHERE webhook_id = ?", int(webhook_id))
    if row is None:
        raise not_found(f"Webhook '{webhook_id}'")
    return row


def _show(row: sqlite3.Row) -> Json:
    return {
        "WebhookID": str(row["webhook_id"]),
        "ExternalID": row["external_id"] or None,
        "URL": row["url"],
        "Events": orjson.loads(row["events"]),
        "UpdatedAt": row["updated_at"],
    }


LISTING = Listing("webhook_registrations", "webhook_id", _show)
HANDLERS = (list_webhooks, create_webhook, get_webhook, delete_webhook)

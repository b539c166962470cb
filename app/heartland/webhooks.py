"""Receivers of the point of sale's webhooks, for whoever connects an account."""

from __future__ import annotations

from collections.abc import Sequence

from app.heartland.client import HeartlandClient
from app.heartland.lists import BY_ID, Question, whole
from app.urls import encode
from app.wire import read_as
from schemas.heartland import NewWebhook, Webhook

WEBHOOKS = "/v1/webhooks"


class HeartlandWebhooks:
    """Receivers of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def webhooks(self) -> Sequence[Webhook]:
        """Every receiver, ours and others (``GET /v1/webhooks``), without secrets.

        Raises:
            Transient: the answer is not whole.
        """
        question = Question("webhooks", "the receivers of webhooks", WEBHOOKS, [BY_ID])
        return tuple(await whole(self._client, Webhook, question, key=lambda row: row.webhook_id))

    async def create_webhook(self, url: str, events: Sequence[str], external_id: str) -> NewWebhook:
        """Register a receiver (``POST /v1/webhooks``); the answer alone tells its secret.

        Safe to repeat after an unknown outcome: a URL is registered once, and the last secret is the one in force.

        Args:
            url: where events go; ``{entity}`` in it becomes ``order``, ``payment``, ``inventory`` or ``shipment``.
            events: their names.
            external_id: by which a receiver is known as ours.
        """
        body = {"URL": url, "Events": list(events), "ExternalID": external_id}
        content = await self._client.change("POST", "create_webhook", f"receiver {url}", WEBHOOKS, body)
        return read_as(NewWebhook, content, f"{self._client.name}: the new receiver {url}", done=True)

    async def delete_webhook(self, webhook_id: str) -> None:
        """Send nothing more to a receiver (``DELETE /v1/webhooks/{WebhookID}``); one that is gone is no error."""
        await self._client.remove("delete_webhook", f"receiver {webhook_id}", f"{WEBHOOKS}/{encode(webhook_id)}")

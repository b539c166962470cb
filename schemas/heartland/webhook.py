"""Receivers of webhooks: ``POST GET DELETE /v1/webhooks``."""

from __future__ import annotations

from pydantic import Field

from schemas.wire import Wire


class Webhook(Wire):
    """A receiver. Its secret is told once, when it is registered."""

    webhook_id: str = Field(alias="WebhookID")
    external_id: str = Field("", alias="ExternalID")
    url: str = Field(alias="URL")
    events: tuple[str, ...] = Field((), alias="Events")
    updated_at: str = Field("", alias="UpdatedAt")


class NewWebhook(Webhook):
    """The answer to a registration."""

    secret: str = Field(min_length=1, alias="Secret", repr=False)

"""What is needed to reach one Magento instance or one Heartland account: one set of credentials each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr


class Webhooks(BaseModel):
    """How a connection's webhooks prove themselves at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    shape: Literal["standard", "header"] = "standard"
    """``standard``: Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature). ``header``: one header that
    holds ``t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``."""
    header: str = "X-Tillstream-Signature"
    """Name of the header in the shape ``header``."""
    secrets: tuple[SecretStr, ...] = ()
    """Active secrets; several while one is being replaced. None means that the door refuses the connection."""
    tolerance_seconds: int = Field(default=300, ge=1, le=3600)
    """How far a webhook's time may be from ours."""


class Http(BaseModel):
    """Limits of one connection's HTTP client."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    timeout_seconds: float = Field(default=30.0, gt=0)
    """Whole request, from connect to the last byte."""
    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    """Time to connect."""
    longest_execution_seconds: float = Field(default=120.0, gt=0)
    """How long the system may go on working on a request that we no longer wait for."""
    lookup_lag_seconds: float = Field(default=10.0, ge=0)
    """How far its lists and searches may lag behind what it has stored (replicas, caches, indexes). What got no answer
    is sent again only after a look-up that is later than that by as much found nothing."""
    connections: int = Field(default=20, ge=1, le=200)
    """Size of the connection pool."""
    read_retries: int = Field(default=3, ge=0, le=10)
    """Times that a read is tried again; a mutation is sent once."""


class Budget(BaseModel):
    """How much one connection is asked by what delivers to it. A 429 slows it down with or without these."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    requests_per_second: float = Field(default=0.0, ge=0)
    """Requests a second of all deliver workers together, each by its part of the partitions; 0 for no limit. What
    polling, normalize and inventory read comes on top."""
    burst: float = Field(default=10.0, ge=1)
    """Requests that may go at once after a pause, of all deliver workers together; at least one for each."""
    replay_share: float = Field(default=0.2, gt=0, le=1)
    """The part of ``requests_per_second`` at which ``dead-letters replay`` and ``backfill`` let events go on, unless
    ``--rate`` says otherwise: new orders keep the rest."""


def replay_rate(budgets: Iterable[Budget]) -> float | None:
    """How many events a second leave new ones their part of every budget; None if no budget has a limit."""
    shares = [budget.requests_per_second * budget.replay_share for budget in budgets if budget.requests_per_second]
    return min(shares, default=None)


class MagentoConnection(BaseModel):
    """One Magento instance. Either the four OAuth 1.0a secrets of an integration, or a bearer token."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    system: Literal["magento"] = "magento"
    """``magento`` makes the connection a web store."""
    base_url: str
    """Without ``/rest``, for example ``https://shop.example``."""
    environment: Literal["production", "staging"] = "production"
    """``staging`` for a copy of the shop: no customer is written to from there, and no money captured."""
    consumer_key: SecretStr | None = None
    """Of the integration in Magento's admin, for OAuth 1.0a."""
    consumer_secret: SecretStr | None = None
    """Of the same integration."""
    access_token: SecretStr | None = None
    """Of the same integration."""
    access_token_secret: SecretStr | None = None
    """Of the same integration."""
    bearer_token: SecretStr | None = None
    """Instead of the four OAuth secrets, where Magento allows an integration's token alone."""
    gift_cards: Literal["unavailable", "accounts"] = "unavailable"
    """``accounts`` where ``/V1/giftcardaccounts`` is served (Commerce as a Cloud Service): their balances follow the
    point of sale's ledger. Elsewhere there is no route that could write them."""
    inventory: Literal["msi", "legacy"] = "msi"
    """``legacy`` only where Magento's inventory modules are removed: placing an order takes its pieces off the stock
    item. A shop that has them and the one source ``default`` is ``msi`` too. In both, ``channels.*.sources`` says which
    locations count; where stock is legacy, their source is ``default``."""
    webhooks: Webhooks = Webhooks()
    """How its webhooks prove themselves."""
    secrets_expire: AwareDatetime | None = None
    """When the first of its secrets ends, if whoever gave it said so, as ``2027-01-31T00:00:00Z``: the metrics tell the
    time left. A token that is renewed by itself is none."""
    http: Http = Http()
    """Limits of its HTTP client."""
    budget: Budget = Budget()
    """How much it is asked by what delivers to it."""


class HeartlandConnection(BaseModel):
    """One Heartland account, reached by OAuth 2.0 client credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    system: Literal["heartland"] = "heartland"
    """``heartland`` makes the connection a point of sale."""
    base_url: str
    """Without ``/v1``."""
    token_url: str = ""
    """Where tokens come from; empty means ``<base_url>/oauth/token``."""
    client_id: str
    """Of the account's API client."""
    client_secret: SecretStr
    """Of the same API client."""
    webhooks: Webhooks = Webhooks()
    """How its webhooks prove themselves."""
    secrets_expire: AwareDatetime | None = None
    """When the first of its secrets ends, if whoever gave it said so, as ``2027-01-31T00:00:00Z``: the metrics tell the
    time left. A token that is renewed by itself is none."""
    http: Http = Http()
    """Limits of its HTTP client."""
    budget: Budget = Budget()
    """How much it is asked by what delivers to it."""


class WebhookConnection(BaseModel):
    """Any receiver of webhooks, for flows of your own: a CRM, a mail service. It is only written to."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    system: Literal["webhook"] = "webhook"
    """``webhook`` makes the connection a receiver of events."""
    base_url: str
    """Where each event is posted, as it is."""
    secret: SecretStr | None = None
    """Signs each event, as Standard Webhooks say; without it nothing is signed."""
    secrets_expire: AwareDatetime | None = None
    """When the first of its secrets ends, if whoever gave it said so, as ``2027-01-31T00:00:00Z``: the metrics tell the
    time left. A token that is renewed by itself is none."""
    http: Http = Http()
    """Limits of its HTTP client."""
    budget: Budget = Budget()
    """How much it is told at most."""

    @property
    def webhooks(self) -> Webhooks:
        """It sends none."""
        return Webhooks()


Connection = Annotated[MagentoConnection | HeartlandConnection | WebhookConnection, Field(discriminator="system")]

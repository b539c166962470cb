"""Every setting, with its meaning: ``tillstream settings`` prints the docstrings below."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.connections import Connection
from app.gift_card_codes import CodeMask
from app.settings.checks import inconsistencies
from app.settings.problems import Inconsistent
from app.store_address import with_authorities
from schemas.documents.channel import Channel
from schemas.documents.flow import Mode
from streams.names import KafkaNames

SHORTEST_KEY = 32
"""Characters of a key that nobody tries out."""


class Section(BaseModel):
    """Base of the sections: immutable, unknown keys are an error, docstrings are the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class KafkaSettings(Section):
    """How Kafka is reached, and how safe its topics are."""

    bootstrap_servers: str = Field(default="127.0.0.1:9092", pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$")
    """Brokers to start from: ``host:port``, several joined by commas."""
    topic_prefix: str = Field(default="", max_length=50, pattern=r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?[.-])?$")
    """Before the name of every topic, consumer group and client of this installation, where several share a Kafka:
    ``shop-a.``, lower-case letters, digits, ``-`` and ``.``, one of the last two at its end. Never change it once
    there are topics: under another prefix the installation is a new one."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How connections to the brokers are protected."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How we log in, with a SASL protocol."""
    sasl_username: str = ""
    """User name, with a SASL protocol."""
    sasl_password: SecretStr = SecretStr("")
    """Password, with a SASL protocol."""
    ca_file: Path | None = None
    """PEM file of the authorities that signed the brokers' certificates; the system's own if not set."""
    certificate_file: Path | None = None
    """PEM file of our certificate, where the brokers ask for one."""
    key_file: Path | None = None
    """PEM file of our certificate's key."""
    session_timeout_seconds: float = Field(default=10.0, ge=1, le=300)
    """After how long a silent worker's partitions go to another; the brokers' own bounds hold too."""
    replication_factor: int = Field(default=3, ge=1, le=9)
    """Copies of each topic; 1 only where losing a disk may lose events."""
    min_insync_replicas: int = Field(default=2, ge=1, le=9)
    """Copies that must have a record before it counts as accepted; at most the replication factor."""

    @property
    def names(self) -> KafkaNames:
        """What Kafka calls our groups and topics."""
        return KafkaNames(self.topic_prefix)

    def client_options(self) -> dict[str, object]:
        """What aiokafka's clients need to reach the brokers, as keyword arguments."""
        options: dict[str, object] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.endswith("SSL"):
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file is not None:
                context.load_cert_chain(self.certificate_file, self.key_file)
            options["ssl_context"] = context
        if self.security_protocol.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password.get_secret_value(),
            }
        return options


class StoreSettings(Section):
    """Where links, ledger, held events and the journal are kept."""

    url: SecretStr = SecretStr("postgresql://127.0.0.1:5432/tillstream")
    """PostgreSQL: ``postgresql://user:password@host:port/database``, also with ``sslmode``, ``sslrootcert``,
    ``sslcert`` and ``sslkey`` as managed services give them out."""
    ca_file: Path | None = None
    """PEM file of the authorities that signed PostgreSQL's certificate. With it, and without ``sslmode`` in the URL,
    the certificate and its host name must be right (``verify-full``)."""
    connections: int = Field(default=10, ge=1, le=200)
    """Connections to PostgreSQL that one process opens at most."""

    @field_validator("url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("postgresql://", "postgresql+asyncpg://")):
            raise ValueError("only PostgreSQL is supported, so it must begin with postgresql://")
        return url

    @property
    def whole_url(self) -> str:
        """The URL, with the authorities in it. Raises StoreAddressError if it names others itself."""
        url = self.url.get_secret_value()
        return url if self.ca_file is None else with_authorities(url, self.ca_file)


class FlowSettings(Section):
    """One flow's switch."""

    mode: Mode = Mode.OBSERVE
    """``off`` takes nothing; ``observe`` reads, maps and previews, and writes nothing; ``live`` writes,
    once ``tillstream launch`` has set its cutover."""


class IngressSettings(Section):
    """The door for webhooks."""

    host: str = "127.0.0.1"
    """Address to listen on; ``0.0.0.0`` for all."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and logs it."""
    public_url: str = Field(default="", max_length=400, pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?$")
    """Where other systems reach the door, ``https://till.example``: ``tillstream connect`` registers it there. Without
    it changes come by polling alone."""
    body_cap_bytes: int = Field(default=1_048_576, ge=1024, le=67_108_864)
    """Longest body that is taken, in bytes; longer ones are refused with 413."""
    publish_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    """How long Kafka may take to acknowledge before the sender is told to come again (503)."""
    buffer_limit: int = Field(default=5000, ge=1)
    """Events that may wait for Kafka's acknowledgement at once; one more is answered with 503."""
    retry_after_seconds: int = Field(default=5, ge=1, le=3600)
    """What a 503 tells the sender to wait."""


class PollingSettings(Section):
    """Reading what webhooks have not told."""

    interval_seconds: float = Field(default=60.0, gt=0)
    """Time between two reads of one connection's entity."""
    overlap_seconds: float = Field(default=300.0, ge=0)
    """How far before its cursor each read begins, because rows appear in the systems' lists later than their time."""
    page_size: int = Field(default=100, ge=1, le=300)
    """Rows per request; 300 is Magento's cap where it limits input."""
    snapshot_minutes: int = Field(default=60, ge=0, le=10_080)
    """Time between two reads of Heartland's whole stock, which repair what went wrong unseen; the first comes at the
    start. 0 reads changes only."""
    lease_seconds: float = Field(default=60.0, ge=1, le=3600)
    """How long a feed stays with a poller that is no longer heard of, before another one goes on with it."""
    webhook_check_minutes: int = Field(default=15, ge=0, le=1440)
    """Time between two looks at the webhooks that ``tillstream connect`` registers, which repair one that is missing or
    was changed. 0 never looks."""
    alarm_seconds: float = Field(default=900.0, ge=60)
    """How far a feed may fall behind before ``tillstream doctor`` and the log call a person."""
    since: AwareDatetime | None = None
    """Where the first read of a connection's entity begins, as ``2026-01-31T12:00:00Z``; without it, at the start less
    the overlap, so that old orders stay where they are. Once there is a cursor it counts no more."""
    first_poll_rows: int = Field(default=1_000, ge=1)
    """More rows than these on the first read of a connection's entity wait for a person, and none of them is taken
    in."""

    @field_validator("since", mode="before")
    @classmethod
    def _is_written_out(cls, since: object) -> object:
        if isinstance(since, int | float) or (isinstance(since, str) and since.replace(".", "", 1).isdigit()):
            raise ValueError("a number may be a year or seconds: write the date, the time and the zone")
        return since


class WorkerSettings(Section):
    """Every worker: normalize, inventory and deliver."""

    lanes: int = Field(default=32, ge=1, le=1000)
    """Orders or SKUs that one worker has in hand at the same time; events of one of them never overtake each other. A
    deliver worker has no more than its target's ``http.connections``; normalize and inventory have so many of each
    connection. Of stock, which is read and written in batches, there are more."""
    capacity: int = Field(default=1000, ge=1)
    """Records that one worker has taken and not finished; then it stops taking more. Normalize and
    inventory take so many of each connection and topic: of one that is down so many wait before those of the others
    wait with them."""
    drain_seconds: float = Field(default=10.0, gt=0, le=300)
    """How long started work may go on when a worker stops or loses a partition."""
    instance_id: str = Field(default="", max_length=249, pattern=r"^[A-Za-z0-9._-]*$")
    """A name that this worker keeps over restarts and shares with no other (Kafka's static membership): back within
    ``kafka.session_timeout_seconds``, it goes on with the partitions that it had. Without it a restart moves them. Two
    workers of one name at a time take each other's place again and again."""
    replay_limit: int = Field(default=5, ge=1)
    """Replays after which a dead letter is quarantined: it is replayed only with ``--force``."""


class GiftCardSettings(Section):
    """Gift cards, whose numbers are money."""

    fingerprint_key: SecretStr = SecretStr("")
    """Secret under which a card's number becomes its fingerprint (HMAC-SHA256), by which it is recognised without being
    kept; 32 random characters or more. Never change it: under another key no card is recognised. Without it only the
    last four characters are kept."""

    @field_validator("fingerprint_key")
    @classmethod
    def _cannot_be_guessed(cls, key: SecretStr) -> SecretStr:
        if 0 < len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"it needs {SHORTEST_KEY} characters, such as `openssl rand -hex 32` prints")
        return key

    @property
    def codes(self) -> CodeMask:
        """What masks codes with it."""
        return CodeMask(self.fingerprint_key.get_secret_value().encode())


class StatusSettings(Section):
    """Where each role serves /metrics, /healthz and /readyz."""

    host: str = "127.0.0.1"
    """Address to listen on; ``0.0.0.0`` for all."""
    port: int = Field(default=9400, ge=0, le=65535)
    """Port to listen on; 0 takes a free one and logs it. Roles on one machine need one each."""


class Settings(BaseSettings):
    """All settings. Made by ``load``; a test may also name them as arguments: nothing else is read then."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kafka: KafkaSettings = KafkaSettings()
    """How Kafka is reached, and how safe its topics are."""
    store: StoreSettings = StoreSettings()
    """Where links, ledger, held events and the journal are kept."""
    connections: dict[str, Connection] = Field(default_factory=dict)
    """One set of credentials each: a Magento instance or a Heartland account, by a name of your choice."""
    channels: dict[str, Channel] = Field(default_factory=dict)
    """Store views, and where their sales go, by a name of your choice."""
    flows: dict[str, FlowSettings] = Field(default_factory=dict)
    """Switches of the flows, by the flow's id; a flow that is not named observes."""
    ingress: IngressSettings = IngressSettings()
    """The door for webhooks."""
    polling: PollingSettings = PollingSettings()
    """Reading what webhooks have not told."""
    worker: WorkerSettings = WorkerSettings()
    """Every worker: normalize, inventory and deliver."""
    gift_cards: GiftCardSettings = GiftCardSettings()
    """Gift cards, whose numbers are money."""
    status: StatusSettings = StatusSettings()
    """Where each role serves /metrics, /healthz and /readyz."""
    flows_directory: Path | None = None
    """Your own flow and mapping documents; one with a built-in's id replaces it."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much is logged."""

    @field_validator("channels")
    @classmethod
    def _named(cls, channels: dict[str, Channel]) -> dict[str, Channel]:
        return {name: channel.model_copy(update={"name": name}) for name, channel in channels.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        found = inconsistencies(self)
        if found:
            raise Inconsistent(found)
        return self

    @property
    def systems(self) -> dict[str, str]:
        """The system behind each connection."""
        return {name: connection.system for name, connection in self.connections.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings names the arguments
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only: ``load_settings`` reads the environment and the file, with errors that name them."""
        return (init_settings,)

    @classmethod
    def load(cls) -> Settings:
        """Read this process's environment and its TOML file. Raises SettingsError."""
        from app.settings.load import load_settings  # noqa: PLC0415 - load needs this class

        return load_settings()

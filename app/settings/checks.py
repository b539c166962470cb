"""Settings that must fit each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.connections import HeartlandConnection, MagentoConnection, WebhookConnection
from app.settings.problems import Problem
from app.store_address import StoreAddress, StoreAddressError
from schemas.ids import CONNECTION_NAME

if TYPE_CHECKING:
    from app.settings.model import Settings

OAUTH_SECRETS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


def inconsistencies(settings: Settings) -> list[Problem]:
    """Every way in which the settings contradict each other."""
    return [*_kafka(settings), *_store(settings), *_connections(settings), *_channels(settings), *_collisions(settings)]


def _kafka(settings: Settings) -> Iterator[Problem]:
    kafka = settings.kafka
    if kafka.min_insync_replicas > kafka.replication_factor:
        yield Problem(
            "kafka.min_insync_replicas",
            f"is {kafka.min_insync_replicas}, more than the replication factor of {kafka.replication_factor}: "
            "nothing could ever be written",
            "at most kafka.replication_factor",
        )
    if kafka.security_protocol.startswith("SASL") and not (kafka.sasl_username and kafka.sasl_password):
        yield Problem(
            "kafka.sasl_username",
            f"or kafka.sasl_password is missing, and kafka.security_protocol is {kafka.security_protocol}",
            "both",
        )
    if (kafka.certificate_file is None) != (kafka.key_file is None):
        yield Problem("kafka.key_file", "and kafka.certificate_file are only useful together", "both or none")


def _store(settings: Settings) -> Iterator[Problem]:
    try:
        StoreAddress.parse(settings.store.whole_url).connect_args()
    except StoreAddressError as error:
        yield Problem("store.url", str(error), "postgresql://user:password@host:port/database?sslmode=verify-full")


def _connections(settings: Settings) -> Iterator[Problem]:
    for name, connection in settings.connections.items():
        at = f"connections.{name}"
        if not CONNECTION_NAME.match(name):
            yield Problem(
                at, "is no name for a connection", "lower-case letters, digits and '-', 32 at most, a letter first"
            )
        whole = isinstance(connection, WebhookConnection)
        yield from _address(f"{at}.base_url", connection.base_url, whole=whole)
        if isinstance(connection, MagentoConnection):
            yield from _magento(at, connection)


def _address(name: str, url: str, *, whole: bool) -> Iterator[Problem]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Problem(name, f"'{url}' is no web address", "http:// or https:// and a host")
    elif not whole and parts.path.rstrip("/").endswith(("/rest", "/v1", "/V1")):
        yield Problem(name, f"'{url}' ends in '{parts.path}'", "the address without it: the connector adds the route")


def _magento(at: str, connection: MagentoConnection) -> Iterator[Problem]:
    given = [name for name in OAUTH_SECRETS if getattr(connection, name) is not None]
    missing = [name for name in OAUTH_SECRETS if name not in given]
    if given and missing:
        yield Problem(f"{at}.{missing[0]}", "is missing; OAuth needs all four secrets", ", ".join(OAUTH_SECRETS))
    elif not given and connection.bearer_token is None:
        yield Problem(
            f"{at}.bearer_token",
            "is missing, and so are the four secrets of an integration",
            f"either bearer_token or all of {', '.join(OAUTH_SECRETS)}",
        )


def _channels(settings: Settings) -> Iterator[Problem]:
    for name, channel in settings.channels.items():
        yield from _side(settings, f"channels.{name}.web", channel.web, MagentoConnection)
        yield from _side(settings, f"channels.{name}.pos", channel.pos, HeartlandConnection)
        places = [("location", channel.location), *(("ship_from", location) for location in channel.ship_from)]
        for setting, location in places if channel.sources else ():
            if location not in channel.sources:
                yield Problem(
                    f"channels.{name}.{setting}",
                    f"'{location}' has no source in channels.{name}.sources",
                    f"one of {_listed(channel.sources)}",
                )


def _side(
    settings: Settings, at: str, name: str, kind: type[MagentoConnection | HeartlandConnection]
) -> Iterator[Problem]:
    fitting = [known for known, connection in settings.connections.items() if isinstance(connection, kind)]
    system = kind.model_fields["system"].default
    expected = f"one of the {system} connections: {_listed(fitting)}"
    connection = settings.connections.get(name)
    if connection is None:
        yield Problem(at, f"there is no connection '{name}'", expected)
    elif not isinstance(connection, kind):
        yield Problem(at, f"connection '{name}' is of {connection.system}, not of {system}", expected)


def _collisions(settings: Settings) -> Iterator[Problem]:
    """Two channels of one store view, or two web stores whose order numbers would meet in one Heartland account."""
    views: dict[tuple[str, int], list[str]] = defaultdict(list)
    numbers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, channel in settings.channels.items():
        views[channel.web, channel.store_id].append(name)
        numbers[channel.pos, channel.prefix].append(name)
    for (web, store_id), names in views.items():
        if len(names) > 1:
            yield Problem(
                f"channels.{names[1]}.store_id",
                f"store view {store_id} of '{web}' has a channel already: {names[0]}",
                "one channel per store view",
            )
    for (pos, prefix), names in numbers.items():
        if len(names) > 1:
            yield Problem(
                f"channels.{names[1]}.prefix",
                f"'{prefix}' is also the prefix of {names[0]}, and both write to '{pos}': order numbers would collide",
                "a prefix of its own",
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "there is none yet"

"""The receivers that there should be, by connection."""

from __future__ import annotations

from collections.abc import Collection

from app.connect.heartland import HeartlandDoor
from app.connect.plan import Wanted
from app.connections import HeartlandConnection
from app.settings import Settings
from app.store import Registrations
from app.systems import Systems


def door_of(
    settings: Settings,
    systems: Systems,
    registrations: Registrations,
    sources: Collection[tuple[str, str]],
    name: str,
) -> HeartlandDoor | str:
    """The receiver of a connection, or why it has none.

    Args:
        settings: of the process.
        systems: the connectors.
        registrations: what we have registered so far.
        sources: system and entity of every flow.
        name: of the connection.
    """
    connection = settings.connections[name]
    if not isinstance(connection, HeartlandConnection):
        return f"{connection.system} sends no webhooks by itself"
    if not settings.ingress.public_url:
        return (
            f"ingress.public_url is not set, so changes come by polling alone, every "
            f"{settings.polling.interval_seconds:g} s. That suffices; webhooks make it faster"
        )
    wanted = Wanted.of(settings.ingress.public_url, name, sources)
    if not wanted.events:
        return "no flow takes anything that it tells by webhook"
    return HeartlandDoor(name, connection, systems.points_of_sale[name].webhooks, registrations, wanted)


def doors_of(
    settings: Settings, systems: Systems, registrations: Registrations, sources: Collection[tuple[str, str]]
) -> list[HeartlandDoor]:
    """Every connection's that should have one."""
    found = (door_of(settings, systems, registrations, sources, name) for name in settings.connections)
    return [door for door in found if isinstance(door, HeartlandDoor)]

"""Whether each system tells the door of changes, and the door believes it. Without webhooks polling alone keeps up."""

from __future__ import annotations

from app.connect.doors import doors_of
from app.connect.heartland import HeartlandDoor
from app.connections import Connection, HeartlandConnection, WebhookConnection
from app.doctor.finding import Finding, note, ok, wrong
from app.polling.sources import sources_of
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from streams.engine.errors import DocumentError
from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.ports import Clock

POLLS_ALONE = "changes come by polling alone: later, and nothing is lost"


async def webhooks(settings: Settings, clock: Clock) -> list[Finding]:
    """What each connection tells. What store, documents and connections have findings of their own for is left out."""
    doors: list[HeartlandDoor] = []
    found: list[Finding] = []
    systems = Systems(settings, clock, Metrics())
    store = Store.open(settings.store.whole_url, role="doctor", clock=clock, connections=1)
    try:
        doors = doors_of(settings, systems, store.registrations, sources_of(settings))
        found = [finding for door in doors for finding in await _registered(door)]
    except (TillstreamError, DocumentError):
        pass  # told by the check of the store, of the flows or of the connection
    finally:
        await systems.close()
        await store.close()
    with_door = {door.name for door in doors}
    others = {name: one for name, one in settings.connections.items() if name not in with_door}
    return [*found, *(finding for name, one in others.items() for finding in secrets_of(name, one))]


async def _registered(door: HeartlandDoor) -> list[Finding]:
    """Whether `tillstream connect` would change anything."""
    part = f"webhooks of {door.name}"
    wanted = [done for done in await door.connect(dry_run=True) if done.changes]
    if not wanted:
        return [ok(part, f"{door.wanted.url} is told {', '.join(door.wanted.events)}")]
    mend = f"tillstream connect {door.name} (the poller does it too, every polling.webhook_check_minutes)"
    return [wrong(part, f"{done.item}: {done.why}", mend, POLLS_ALONE) for done in wanted]


def secrets_of(name: str, connection: Connection) -> list[Finding]:
    """Whether the door takes the webhooks of a system that nobody registers for us."""
    if isinstance(connection, WebhookConnection) or connection.webhooks.secrets:
        return []
    mend = f"connections.{name}.webhooks.secrets, and the same secret in the system"
    if isinstance(connection, HeartlandConnection):
        mend = f"ingress.public_url, then: tillstream connect {name}"
    return [note(f"webhooks of {name}", "no secret, so the door refuses them", mend, POLLS_ALONE)]

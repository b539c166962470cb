"""Receivers of a Heartland account's webhooks: registered, watched and repaired."""

from __future__ import annotations

from dataclasses import dataclass

from app.connect.done import Did, Done
from app.connect.plan import EXTERNAL_ID, Known, Plan, Wanted, plan
from app.connect.seal import Seal
from app.connections import HeartlandConnection
from app.heartland.webhooks import HeartlandWebhooks
from app.store.registrations import Registration, Registrations


@dataclass(frozen=True, slots=True)
class HeartlandDoor:
    """One account, and the receiver that it should have.

    Attributes:
        name: of the connection.
        connection: its settings.
        webhooks: the connector.
        registrations: what we have registered so far.
        wanted: what there should be.
    """

    name: str
    connection: HeartlandConnection
    webhooks: HeartlandWebhooks
    registrations: Registrations
    wanted: Wanted

    async def connect(self, *, dry_run: bool = False) -> list[Done]:
        """Make the receiver what it should be; one that is stays as it is. Run it alone: see `app.store.leases`.

        Raises:
            TillstreamError: as the connector's calls do; run it again.
        """
        found = await self.webhooks.webhooks()
        chosen = plan(self.wanted, found, await self._known())
        if not dry_run and chosen.did is not Did.KEPT:
            await self._register()
        done = [Done(self.name, f"webhook {self.wanted.url}", chosen.did, self._told(chosen))]
        if chosen.remove is not None:
            if not dry_run:
                await self.webhooks.delete_webhook(chosen.remove.webhook_id)
            why = "the door has another address by now"
            done.append(Done(self.name, f"webhook {chosen.remove.url}", Did.REMOVED, why))
        return done

    def _told(self, chosen: Plan) -> str:
        return f"{chosen.why} ({', '.join(self.wanted.events)})"

    async def _known(self) -> Known:
        ours = (await self.registrations.all()).get(self.name)
        readable = ours is not None and bool(ours.sealed) and self._seal.open(ours.sealed[0]) is not None
        return Known(ours, readable, by_hand=bool(self.connection.webhooks.secrets))

    async def _register(self) -> None:
        """The store knows before the first byte that a registration is under way: a crash leaves no unknown secret."""
        await self.registrations.begin(self.name)
        made = await self.webhooks.create_webhook(self.wanted.url, self.wanted.events, EXTERNAL_ID)
        sealed = self._seal.close(made.secret)
        kept = Registration(made.webhook_id, made.url, made.updated_at, (sealed,), complete=True)
        await self.registrations.keep(self.name, kept)

    @property
    def _seal(self) -> Seal:
        return Seal(self.connection.client_secret)

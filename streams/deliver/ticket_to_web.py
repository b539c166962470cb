"""A sale in store into the web store: an order that is over, so that a customer's purchase history is whole there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from schemas.canonical import Ticket
from schemas.documents import Channel
from schemas.ids import Ref
from streams.aliases import aliases_between
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.customer_links import CustomerLinks
from streams.deliver.desk import Desk
from streams.deliver.entity import About, Plan, Turn
from streams.deliver.operations import RECORD_TICKET
from streams.errors import Rejected
from streams.ports import AccountAddress, EffectKey, SeenAccount, SeenTicket, TicketDraft, WebCustomers, WebTickets
from streams.sale.revision import ticket_revision

WHOLE = ("lines", "city", "postal_code", "country", "phone")
"""What a billing address cannot do without; one that lacks any of it is left out."""


class WebTicketPlanner:
    """``record_ticket``, once: what a store sold stays as it was sold."""

    model = Ticket
    blocks = False

    def __init__(self, desk: Desk, tickets: WebTickets, customers: WebCustomers) -> None:
        self._desk = desk
        self._tickets = tickets
        self._customers = customers

    def about(self, entity: Ticket) -> About:
        """See `Planner.about`."""
        ref = Ref.parse(entity.ref)
        order = ref._replace(type="order")
        return About(ref=ref, revision=ticket_revision(entity), subject=entity.number, source=order)

    async def plan(self, entity: Ticket, turn: Turn) -> Plan:
        """See `Planner.plan`. Raises Rejected for a return, and for a ticket that is another than was recorded."""
        ref = Ref.parse(entity.ref)
        if ref in turn.known:
            raise Rejected(
                f"ticket {entity.number} of {ref.connection} was changed after it was recorded in {self._desk.target}: "
                f"it is over {entity.totals.total} {entity.currency} now. Correct its order there by hand if need be, "
                "then discard this event.",
                code="changed_ticket",
            )
        if entity.voided or any(line.quantity <= 0 for line in entity.lines):
            raise Rejected(
                f"ticket {entity.number} of {ref.connection} is no sale, but a return, an exchange or a mistake, and "
                f"{self._desk.target} has no order that says so: discard this event.",
                code="no_sale",
            )
        channel = self._desk.channel_context(entity.channel)
        buyer = await self._buyer(entity, Channel.model_validate(channel))
        context = {
            "channel": channel,
            "aliases": await self._aliases(entity),
            "buyer": {} if buyer is None else _as_buyer(buyer),
        }
        document = self._desk.mapper.map_out(turn.work.flow, entity.model_dump(mode="json"), context)
        draft = TicketDraft(entity.ref, entity.number, document)
        whose = "a guest" if buyer is None else buyer.email
        told = f"ticket {entity.number} over {entity.totals.total} {entity.currency} as an order of {whose}"
        return Plan(f"record {told}", f"recorded {told}", (self._effect(entity, draft),))

    def _effect(self, ticket: Ticket, draft: TicketDraft) -> CreateOnce:
        async def send(_before: Ids) -> str:
            return await self._tickets.record_ticket(draft)

        async def find(_before: Ids) -> str | None:
            found = await self._tickets.find_ticket(ticket.ref)
            return None if found is None else _checked(found, ticket)

        sought = f"the order with the external number {ticket.ref}"
        step = Step(RECORD_TICKET, ticket_revision(ticket).content, sought, send, find)
        return CreateOnce(EffectKey(self._desk.target, RECORD_TICKET.name, Ref.parse(ticket.ref)), (step,))

    async def _buyer(self, ticket: Ticket, channel: Channel) -> SeenAccount | None:
        """The account of the profile that the ticket names, on the channel's website; None for a guest."""
        if not ticket.customer:
            return None
        profile = Ref(Ref.parse(ticket.ref).connection, "customer", ticket.customer)
        for account in await self._accounts(profile, str(channel.website_id)):
            seen = await self._customers.account(account.native_id)
            if seen is not None and seen.website == channel.website_id:
                return seen
        return None

    async def _accounts(self, profile: Ref, website: str) -> list[Ref]:
        """The profile's account on a website; also of one that is the same person as another profile."""
        links = CustomerLinks(self._desk.links, self._desk.channels)
        found = [one.ref for one in await links.accounts_of(profile, self._desk.target) if one.website == website]
        merged = None if found else await links.merged(profile, self._desk.target)
        return found if merged is None else [merged]

    async def _aliases(self, ticket: Ticket) -> dict[str, str]:
        """The web store's SKUs of those that are called otherwise there."""
        pos = Ref.parse(ticket.ref).connection
        return await aliases_between(self._desk.links, pos, (line.sku for line in ticket.lines), self._desk.target)


def _as_buyer(account: SeenAccount) -> dict[str, Any]:
    """The account as the ``out`` mapping sees it: with its default billing address, if that is whole."""
    buyer: dict[str, Any] = {
        "id": int(account.account_id),
        "email": account.email,
        "group": account.group,
        "first_name": account.first_name,
        "last_name": account.last_name,
    }
    address = next((one for one in account.addresses if one.default_billing and _is_whole(one)), None)
    if address is not None:
        buyer["address"] = asdict(address) | {"lines": list(address.lines), "region_id": address.region_id or None}
    return buyer


def _is_whole(address: AccountAddress) -> bool:
    return all(getattr(address, name) for name in WHOLE)


def _checked(found: SeenTicket, ticket: Ticket) -> str:
    """The order's id; raises Rejected if it is over another amount."""
    if (found.total, found.currency) == (ticket.totals.total, ticket.currency):
        return found.order_id
    raise Rejected(
        f"order {found.number} says that it shows ticket {ticket.number}, but is over {found.total} {found.currency} "
        f"where the ticket is over {ticket.totals.total} {ticket.currency}. Find out there which one is right and "
        "correct it, then discard this event.",
        code="collision",
    )

"""Which profile of the point of sale an order belongs to: its customer's, a guest's, or the one that guests share."""

from __future__ import annotations

from typing import Protocol

from schemas.canonical import Customer, CustomerAddress, Sale
from schemas.documents import Channel, Mode
from schemas.ids import Ref
from streams.customer.email import normal_email
from streams.customer.guests import GuestPolicy, NewGuest, match_guest
from streams.customer.links import CUSTOMER
from streams.customer.matching import Decision, Outcome, Person
from streams.deliver.customer_links import CustomerLinks
from streams.deliver.customer_to_pos import profile_effect
from streams.deliver.desk import Desk
from streams.errors import Rejected
from streams.ports import PosCustomers


class Buyers(Protocol):
    """Who buys in the point of sale."""

    async def profile_of(self, sale: Sale, channel: Channel, *, replays: int) -> str:
        """The id of the profile that the order belongs to; it is made if it has to be.

        Args:
            sale: the order.
            channel: its channel.
            replays: times that a person let the order try again.

        Raises:
            Rejected: a person must say whose it is.
            Transient, OutcomeUnknown, Unavailable, AuthFailed: as the customer book's methods do.
        """
        ...


class SharedProfile:
    """Every order belongs to the channel's shared profile. Implements `Buyers`."""

    async def profile_of(self, sale: Sale, channel: Channel, *, replays: int) -> str:  # noqa: ARG002
        """See `Buyers.profile_of`."""
        return channel.guest_profile


class PosBuyers:
    """An account's order belongs to its profile; a guest's to the profile of that e-mail, else as the channel says.

    An account that is not linked yet is looked for like a guest, so that no order waits for a customer; if nobody has
    its e-mail, and the customer flow is live, it gets the profile that the customer flow would give it: the same
    effect, so that whichever comes first makes it. Implements `Buyers`.
    """

    def __init__(self, desk: Desk, customers: PosCustomers) -> None:
        self._desk = desk
        self._customers = customers
        self._links = CustomerLinks(desk.links, desk.channels)
        delivers = {(flow.deliver.target, flow.deliver.entity): flow for flow in desk.flows.values()}
        self._flow = delivers["heartland", CUSTOMER]

    async def profile_of(self, sale: Sale, channel: Channel, *, replays: int) -> str:
        """See `Buyers.profile_of`."""
        account = _account(sale)
        profile = await self._links.profile_of(account, self._desk.target) if account is not None else None
        if profile is not None:
            return profile.native_id
        decision = await self._matched(sale, channel, account)
        if decision.outcome is Outcome.CREATE:
            return await self._made(sale, channel, account, replays)
        if decision.profile is None:
            raise Rejected(f"{decision.why}. Then replay: until then the order is not created.", code="buyer")
        return decision.profile.native_id

    async def _matched(self, sale: Sale, channel: Channel, account: Ref | None) -> Decision:
        pos, email = self._desk.target, normal_email(sale.customer.email)
        seen = await self._customers.customers_by_email(email)
        people = [Person(Ref(pos, CUSTOMER, one.customer_id), email=normal_email(one.email)) for one in seen]
        own = account is not None and self._flow.mode is Mode.LIVE
        shared = Person(Ref(pos, CUSTOMER, channel.guest_profile))
        new = NewGuest.PROFILE if own else NewGuest(channel.guests)
        return match_guest(sale.number, email, people, GuestPolicy(pos, new, shared))

    async def _made(self, sale: Sale, channel: Channel, account: Ref | None, replays: int) -> str:
        customer = _buyer(sale, channel, account)
        context = {"external_id": customer.ref}
        document = self._desk.mapper.map_out(self._flow.id, customer.model_dump(mode="json"), context)
        effect = profile_effect(self._desk.target, self._customers, customer, document, account)
        return (await self._desk.effects.perform(effect, replays=replays)).target_id


def _account(sale: Sale) -> Ref | None:
    """The account that placed the order; None for a guest's."""
    buyer = sale.customer
    if buyer.guest or not buyer.native_id:
        return None
    return Ref(Ref.parse(sale.ref).connection, CUSTOMER, buyer.native_id)


def _buyer(sale: Sale, channel: Channel, account: Ref | None) -> Customer:
    """The order's customer, as far as the order tells; called after the account, or after a guest's first order."""
    billing = sale.billing
    return Customer(
        ref=str(account) if account is not None else sale.ref,
        channel=channel.name,
        website=str(channel.website_id) if account is not None else "",
        email=sale.customer.email,
        phone=billing.phone if billing else "",
        first_name=sale.customer.first_name or (billing.first_name if billing else ""),
        last_name=sale.customer.last_name or (billing.last_name if billing else ""),
        addresses=(CustomerAddress(**billing.model_dump()),) if billing else (),
        updated_at=sale.updated_at,
    )

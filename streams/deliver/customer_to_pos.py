"""Customers of the web store in the point of sale: linked to their profile, or given one, and kept like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.canonical import Customer
from schemas.documents import Channel
from schemas.ids import MissingLink, Ref
from streams.customer.agreement import Change
from streams.customer.echo import Side
from streams.customer.email import normal_email
from streams.customer.links import CUSTOMER, Pair, linked_name
from streams.customer.matching import Decision, Outcome, Person, match
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.customer_book import ADDRESSES, Stored, addresses_of, as_they_are, texts_of, wanted_addresses
from streams.deliver.customer_links import CustomerLinks
from streams.deliver.customer_meeting import Meeting, New, Same, Stranger, doubtful, link_command
from streams.deliver.customer_reading import Reader, person_of, policy_of
from streams.deliver.desk import Desk
from streams.deliver.hashes import content_hash
from streams.deliver.operations import CREATE_CUSTOMER, UPDATE_CUSTOMER
from streams.errors import Rejected
from streams.ports import EffectKey, PosCustomers, ProfileDraft, SeenProfile

MOST_ADDRESSES = 20
"""As many as a profile has room for (``CustomerUpdate.Addresses`` in schemas/heartland/openapi.yaml)."""
LIST = "Addresses"


class PosBook:
    """Implements `streams.deliver.customer_book.CustomerBook` on a point of sale."""

    side = Side.POS
    update = UPDATE_CUSTOMER

    def __init__(self, desk: Desk, customers: PosCustomers) -> None:
        self._desk = desk
        self._customers = customers
        self._reader = Reader(desk, desk.target, Side.POS)

    async def stored(self, native_id: str) -> Stored | None:
        """See `CustomerBook.stored`."""
        seen = await self._customers.customer(native_id)
        return None if seen is None else self.shown(seen)

    async def document(
        self, flow: str, stored: Stored, changes: Mapping[str, Change]
    ) -> tuple[Mapping[str, object], Sequence[str]]:
        """See `CustomerBook.document`."""
        body = texts_of(changes)
        notes: Sequence[str] = ()
        addresses = None
        if ADDRESSES in changes:
            change = changes[ADDRESSES]
            addresses = addresses_of(stored, change, wanted_addresses(change), MOST_ADDRESSES)
            notes = addresses.notes
            if addresses.changed:
                body[ADDRESSES] = [address.model_dump(mode="json") for address in addresses.addresses]
        document: dict[str, Any] = self._desk.mapper.map_out(flow, body, {})
        if addresses is not None and LIST in document:
            told = stored.document.get(LIST) or []
            document[LIST] = as_they_are(document[LIST], addresses, stored, told)
        return document, notes

    async def write(self, native_id: str, document: Mapping[str, object]) -> Stored:
        """See `CustomerBook.write`."""
        return self.shown(await self._customers.update_customer(native_id, document))

    def shown(self, seen: SeenProfile) -> Stored:
        """A profile as the canonical customer that it is."""
        return Stored(self._reader.customer(seen.customer_id, seen.document), seen.document)


class PosNewcomers:
    """Implements `streams.deliver.customer_meeting.Newcomers` on a point of sale."""

    def __init__(self, desk: Desk, customers: PosCustomers, book: PosBook) -> None:
        self._desk = desk
        self._customers = customers
        self._book = book
        self._links = CustomerLinks(desk.links, desk.channels)

    async def meet(self, customer: Customer, flow: str) -> Sequence[Meeting]:
        """See `Newcomers.meet`."""
        ref = Ref.parse(customer.ref)
        channel = self._channel(customer, ref)
        if isinstance(channel, Stranger):
            return [channel]
        named = await self._customers.find_customer(str(ref))
        if named is not None:
            return [self._same(customer, Ref(self._desk.target, CUSTOMER, checked(named, customer)), "named after it")]
        candidates = [
            await self._person(seen, ref) for seen in await self._customers.customers_by_email(customer.email)
        ]
        decision = match(person_of(customer), candidates, policy_of(self._desk.flows[flow].deliver.match))
        match decision.outcome:
            case Outcome.CREATE:
                return [self._new(customer, flow)]
            case Outcome.REJECT:
                return [Stranger(decision.why)]
            case Outcome.REVIEW:
                raise self._doubtful(decision, ref, candidates, channel)
            case Outcome.LINK | Outcome.MERGE:
                profile = decision.profile
                if profile is None:
                    raise ValueError(f"{decision.outcome} without a profile: {decision.why}")
                return [self._same(customer, profile, decision.why, decision.others)]

    def _channel(self, customer: Customer, ref: Ref) -> Channel | Stranger:
        """The channel that joins the account's website to this point of sale."""
        website = [
            each for each in self._desk.channels.of_web(ref.connection) if str(each.website_id) == customer.website
        ]
        channel = next((each for each in website if each.pos == self._desk.target), None)
        if channel is not None:
            return channel
        if website:
            return Stranger(f"the customers of website {customer.website} are kept in {website[0].pos}")
        raise Rejected(
            f"customer {ref.native_id}: website {customer.website or '(none)'} of {ref.connection} has no channel: add "
            f'[channels.NAME] with web = "{ref.connection}" and website_id = {customer.website or "…"} to the '
            "settings, then replay",
            code="no_channel",
        )

    async def _person(self, seen: SeenProfile, account: Ref) -> Person:
        stored = self._book.shown(seen)
        linked = await self._links.accounts_of(Ref.parse(stored.customer.ref), account.connection)
        return person_of(stored.customer, tuple(linked))

    def _same(self, customer: Customer, profile: Ref, why: str, merged: tuple[Ref, ...] = ()) -> Same:
        return Same(Pair(Ref.parse(customer.ref), profile), customer.website, why, merged)

    def _new(self, customer: Customer, flow: str) -> New:
        body = customer.model_dump(mode="json")
        document = self._desk.mapper.map_out(flow, body, {"external_id": customer.ref})
        effect = profile_effect(self._desk.target, self._customers, customer, document, Ref.parse(customer.ref))
        return New(effect, f"a profile of {customer.ref}", customer.website)

    def _doubtful(self, decision: Decision, ref: Ref, candidates: Sequence[Person], channel: Channel) -> Exception:
        pos = self._desk.target
        likely = candidates[0].ref.native_id if len(candidates) == 1 else f"'<profile in {pos}>'"
        command = link_command(ref.native_id, likely, channel.name)
        or_else = f"If it is none of them, make a profile in {pos} and link that one."
        return doubtful(decision, MissingLink(ref, pos), command, or_else)


def profile_effect(
    target: str, customers: PosCustomers, customer: Customer, document: Mapping[str, object], account: Ref | None
) -> CreateOnce:
    """A profile, made once and found again by its ExternalID, which is the ref of what it is made of.

    Args:
        target: the point of sale.
        customers: its customer book.
        customer: who gets it.
        document: the body.
        account: the web store's account that it is linked to; None for a guest.
    """
    source = Ref.parse(customer.ref)
    draft = ProfileDraft(customer.ref, document, customer.email)

    async def send(_before: Ids) -> str:
        return (await customers.create_customer(draft)).customer_id

    async def find(_before: Ids) -> str | None:
        found = await customers.find_customer(draft.external_id)
        return None if found is None else checked(found, customer)

    def link(ids: Ids) -> tuple[Ref, Ref]:
        return source, linked_name(Ref(target, CUSTOMER, ids[0]), customer.website)

    step = Step(CREATE_CUSTOMER, content_hash(document), f"the profile called {draft.external_id}", send, find)
    key = EffectKey(target, CREATE_CUSTOMER.name, source)
    return CreateOnce(key, (step,), link=link if account is not None else None)


def checked(found: SeenProfile, customer: Customer) -> str:
    """The id of a profile with the right ExternalID; raises Rejected if it is somebody else's."""
    mine, theirs = normal_email(customer.email), normal_email(found.email)
    if mine and theirs and mine != theirs:
        raise Rejected(
            f"profile {found.customer_id} is called {customer.ref}, but has another e-mail: whoever it is, it is not "
            f"taken for that customer. Correct its e-mail or its ExternalID there, then replay.",
            code="collision",
        )
    return found.customer_id

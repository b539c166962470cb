"""Profiles of the point of sale in the web store: linked to their account and kept like it, and made one if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.canonical import Customer, CustomerAddress
from schemas.documents import Channel
from schemas.ids import MissingLink, Ref
from streams.customer.agreement import Change
from streams.customer.echo import Side
from streams.customer.links import CUSTOMER, Pair, linked_name
from streams.customer.matching import Decision, Outcome, Person, match
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.customer_book import ADDRESSES, Stored, addresses_of, as_they_are, texts_of, wanted_addresses
from streams.deliver.customer_links import CustomerLinks
from streams.deliver.customer_meeting import Meeting, New, Same, Stranger, doubtful, link_command
from streams.deliver.customer_reading import Reader, person_of, policy_of
from streams.deliver.desk import Desk
from streams.deliver.hashes import content_hash
from streams.deliver.operations import CREATE_ACCOUNT, UPDATE_ACCOUNT
from streams.ports import AccountDraft, EffectKey, SeenAccount, WebCustomers

LIST = "addresses"
REQUIRED = ("first_name", "last_name", "lines", "city", "postcode", "country", "phone")
"""What Magento wants of an address; the postcode, which some countries have not, is asked of those that have."""


class WebBook:
    """Implements `streams.deliver.customer_book.CustomerBook` on a web store."""

    side = Side.WEB
    update = UPDATE_ACCOUNT

    def __init__(self, desk: Desk, customers: WebCustomers) -> None:
        self._desk = desk
        self._customers = customers
        self._reader = Reader(desk, desk.target, Side.WEB)

    async def stored(self, native_id: str) -> Stored | None:
        """See `CustomerBook.stored`."""
        seen = await self._customers.account(native_id)
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
            wanted, left_out = complete(wanted_addresses(change))
            addresses = addresses_of(stored, change, wanted, None)
            notes = (*left_out, *addresses.notes)
            if addresses.changed:
                body[ADDRESSES] = [address.model_dump(mode="json") for address in addresses.addresses]
        countries = addresses.addresses if addresses is not None else ()
        document: dict[str, Any] = self._desk.mapper.map_out(flow, body, await self.context(countries))
        if addresses is not None and LIST in document:
            told = stored.document.get(LIST) or []
            document[LIST] = as_they_are(document[LIST], addresses, stored, told)
        return document, notes

    async def context(self, addresses: Sequence[CustomerAddress]) -> dict[str, object]:
        """What the ``out`` mapping is told besides the customer: the region ids of the addresses' countries."""
        countries = sorted({address.country for address in addresses if address.country})
        return {"regions": {country: await self._customers.regions(country) for country in countries}}

    async def write(self, native_id: str, document: Mapping[str, object]) -> Stored:
        """See `CustomerBook.write`."""
        return self.shown(await self._customers.update_account(native_id, document))

    def shown(self, seen: SeenAccount) -> Stored:
        """An account as the canonical customer that it is."""
        return Stored(self._reader.customer(seen.account_id, seen.document), seen.document)


class WebNewcomers:
    """Implements `streams.deliver.customer_meeting.Newcomers` on a web store."""

    def __init__(self, desk: Desk, customers: WebCustomers, book: WebBook) -> None:
        self._desk = desk
        self._customers = customers
        self._book = book
        self._links = CustomerLinks(desk.links, desk.channels)

    async def meet(self, customer: Customer, flow: str) -> Sequence[Meeting]:
        """See `Newcomers.meet`."""
        profile, web = Ref.parse(customer.ref), self._desk.target
        survivor = await self._links.merged(profile, web)
        if survivor is not None:
            return [Stranger(f"it is the same person as another profile, that of {survivor}: only that one is kept")]
        if not customer.email:
            return [Stranger("it has no e-mail, so it is nobody's account")]
        channels = {c.website_id: c for c in reversed(self._desk.channels.between(pos=profile.connection, web=web))}
        return [await self._on(channels[website], customer, flow) for website in sorted(channels)]

    async def _on(self, channel: Channel, customer: Customer, flow: str) -> Meeting:
        """What is to be done about it on one website."""
        seen = await self._customers.find_account(customer.email, channel.website_id)
        if seen is None:
            return await self._nobody(channel, customer, flow)
        candidate = person_of(self._book.shown(seen).customer)
        profile = Ref.parse(customer.ref)
        taken = await self._links.profile_of(candidate.ref, profile.connection)
        if taken is not None:
            return Stranger(f"its e-mail is that of {candidate.ref}, which is another profile's account, {taken}'s")
        decision = match(person_of(customer), [candidate], policy_of(self._desk.flows[flow].deliver.match))
        if decision.outcome is Outcome.LINK:
            return Same(Pair(candidate.ref, profile), str(channel.website_id), decision.why)
        if decision.outcome is Outcome.REVIEW:
            raise self._doubtful(decision, profile, candidate, channel)
        return Stranger(decision.why)

    async def _nobody(self, channel: Channel, customer: Customer, flow: str) -> Meeting:
        """No account has its e-mail: none is made, unless the flow says so."""
        if CREATE_ACCOUNT.name not in self._desk.flows[flow].deliver.operations:
            return Stranger("it has no account in the web store, and this flow makes none of profiles")
        document = self._desk.mapper.map_out(
            flow, customer.model_dump(mode="json"), await self._book.context(customer.addresses)
        )
        profile, target, website = Ref.parse(customer.ref), self._desk.target, str(channel.website_id)
        draft = AccountDraft(customer.email, channel.website_id, document)

        async def send(_before: Ids) -> str:
            return (await self._customers.create_account(draft)).account_id

        async def find(_before: Ids) -> str | None:
            found = await self._customers.find_account(draft.email, draft.website)
            return None if found is None else found.account_id

        def link(ids: Ids) -> tuple[Ref, Ref]:
            return Ref(target, CUSTOMER, ids[0]), linked_name(profile, website)

        step = Step(CREATE_ACCOUNT, content_hash(document), f"the account of {draft.email}", send, find)
        key = EffectKey(target, CREATE_ACCOUNT.name, linked_name(profile, website))
        return New(CreateOnce(key, (step,), link=link), f"an account of {customer.ref}", website)

    def _doubtful(self, decision: Decision, profile: Ref, candidate: Person, channel: Channel) -> Exception:
        command = link_command(candidate.ref.native_id, profile.native_id, channel.name)
        or_else = "If they are two persons, correct the e-mail of one of them and replay."
        link = MissingLink(linked_name(profile, str(channel.website_id)), self._desk.target)
        return doubtful(decision, link, command, or_else)


def complete(wanted: Sequence[CustomerAddress]) -> tuple[list[CustomerAddress], tuple[str, ...]]:
    """The addresses that Magento takes, and what to tell of the others."""
    whole = [address for address in wanted if all(getattr(address, name) for name in REQUIRED)]
    missing = len(wanted) - len(whole)
    if not missing:
        return whole, ()
    told = "1 address was" if missing == 1 else f"{missing} addresses were"
    return whole, (f"{told} left out, as Magento wants {', '.join(REQUIRED)} of each: complete it in the profile",)

"""How the customers of each side are read: what they tell, what is compared, and who they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from schemas.canonical import Address, Customer
from schemas.documents import FlowDocument
from schemas.documents.matching import Matching
from schemas.ids import Ref
from streams.customer.addresses import plain_key
from streams.customer.echo import Side, Telling
from streams.customer.email import normal_email
from streams.customer.matching import Account, MatchPolicy, Outcome, Person, Sharing, Weight
from streams.customer.ownership import CUSTOMER_FIELDS, FieldRule, Owner, Ownership
from streams.customer.projection import Reading, project, trimmed
from streams.deliver.desk import Desk
from streams.engine.addresses import address_key
from streams.engine.phones import phone
from streams.engine.validate import validate

CUSTOMER = "customer"
SIDES: Mapping[str, Side] = {"magento": Side.WEB, "heartland": Side.POS}
HOLDS: Mapping[Side, frozenset[str]] = {
    Side.WEB: frozenset({"email", "first_name", "last_name", "addresses", "group", "consent.email"}),
    Side.POS: frozenset({"email", "first_name", "last_name", "addresses", "phone"}),
}
"""Magento keeps phones in addresses only; Heartland's API knows no group, points, notes or consent."""
NOBODY = {"first_name": "", "last_name": "", "company": "", "phone": ""}
TRAITS = ("email", "phone", "name", "address")


def address_meaning(address: Address) -> Hashable:
    """What an address means: the place. ``12 Main St.`` is ``12 Main Street``; the region follows from the postcode.

    Who receives there, and the phone, are left out: a till writes neither down for the customer's own address, so that
    every change of the customer's name would be a change of all of them.
    """
    return _place(address) or plain_key(address.model_copy(update=NOBODY))


def _place(address: Address) -> str:
    return address_key(address.model_dump() | {"region": ""})


READINGS: Mapping[Side, Reading] = {
    side: Reading(side, holds=HOLDS[side], address=address_meaning) for side in (Side.WEB, Side.POS)
}


def telling(customer: Customer, side: Side, *, fresh: bool) -> Telling:
    """What a customer tells of the fields that its side keeps."""
    return Telling(project(customer, READINGS[side]), customer.updated_at, fresh=fresh)


def ownership_of(flows: Iterable[FlowDocument]) -> Ownership:
    """Who owns which field: of each flow of customers, ``owns`` names those whose change in its source counts.

    A field that only one side keeps is nobody's to change.
    """
    owning: dict[str, set[Side]] = {}
    for flow in flows:
        if flow.deliver.entity == CUSTOMER and flow.deliver.target in SIDES:
            for name in flow.deliver.owns:
                owning.setdefault(name, set()).add(SIDES[flow.deliver.target].other)
    both = HOLDS[Side.WEB] & HOLDS[Side.POS]
    return Ownership(
        {
            name: FieldRule(Owner.SHARED if len(sides) > 1 else Owner(*sides), CUSTOMER_FIELDS[name].kind)
            for name, sides in owning.items()
            if name in both
        }
    )


def policy_of(matching: Matching | None) -> MatchPolicy:
    """A flow's ``match`` as the policy that it is."""
    if matching is None:
        return MatchPolicy()
    given = {trait: getattr(matching, trait) for trait in TRAITS}
    weights = {trait: Weight(found.same, found.other) for trait, found in given.items() if found is not None}
    return MatchPolicy(
        **weights,
        link_at=matching.link_at,
        review_at=matching.review_at,
        doubtful=Outcome(matching.doubtful),
        several=Outcome(matching.several),
        taken=Outcome(matching.taken),
        sharing=Sharing(matching.sharing),
    )


def person_of(customer: Customer, linked: tuple[Account, ...] = ()) -> Person:
    """What tells a customer from another."""
    addresses = sorted(customer.addresses, key=lambda address: not address.default_billing)
    first = addresses[0] if addresses else Address()
    shown = trimmed(f"{customer.first_name} {customer.last_name}")
    return Person(
        ref=Ref.parse(customer.ref),
        email=normal_email(customer.email),
        phone=phone(customer.phone, first.country or None),
        name=shown.casefold(),
        address=_place(first),
        shown=shown,
        website=customer.website,
        linked=linked,
    )


class Reader:
    """Makes customers of one connection's documents, by the mapping that normalises its events: equal documents tell
    equal things, whichever way they come."""

    def __init__(self, desk: Desk, connection: str, side: Side) -> None:
        self._desk = desk
        self._connection = connection
        self._flow = next(
            flow.id
            for flow in desk.flows.values()
            if flow.normalize is not None
            and flow.normalize.entity == CUSTOMER
            and SIDES.get(flow.normalize.source.system) is side
        )

    def customer(self, native_id: str, document: Mapping[str, object]) -> Customer:
        """The customer in a document. Raises Rejected naming rule, path and value."""
        ref = Ref(self._connection, CUSTOMER, native_id)
        values = self._desk.mapper.map_in(self._flow, document, {"ref": str(ref)})
        return validate(Customer, values, f"customer {native_id}")

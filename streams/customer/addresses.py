"""The list of addresses to write. Both systems take a customer's addresses as a whole, so what is left out is deleted.

In Magento an address without its id is a new one, a list that drops the default without naming another is a 400, and
the key left out keeps all (`PUT /V1/customers/:id`). Heartland's have neither ids nor defaults (`PUT /v1/customers`).
The list is made of what is stored right before it is sent, so that nobody's address is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from schemas.canonical import Address, CustomerAddress

AddressKey = Callable[[Address], Hashable]
"""What an address means, however it is written: equal for ``123 Main St.`` and ``123 Main Street`` if it is good."""

USES = ("default_billing", "default_shipping")
"""What an address may be the default for."""

NEW = {"native_id": "", "default_billing": False, "default_shipping": False}
"""An address of the other side, to this one: it has no id here yet, and its defaults are the customer's there."""


def plain_key(address: Address) -> Hashable:
    """An address by its words, without case and spacing. The region is left out: one system has ``TX``, another
    ``Texas``, and the postcode tells it; so are empty lines, as one joins what the other has in two."""
    words = (
        address.first_name,
        address.last_name,
        address.company,
        " ".join(address.lines),
        address.city,
        address.postcode,
        address.country,
        "".join(sign for sign in address.phone if sign.isdigit()),
    )
    return tuple(" ".join(word.split()).casefold() for word in words)


@dataclass(frozen=True, slots=True)
class AddressList:
    """A whole list to be written.

    Attributes:
        addresses: all of them; as stored, with their ids, where they stay.
        changed: whether it differs from what is stored; if not, the key is left out.
        notes: what could not be done, for the journal.
    """

    addresses: tuple[CustomerAddress, ...]
    changed: bool
    notes: tuple[str, ...] = ()


def final_list(
    stored: Sequence[CustomerAddress],
    wanted: Sequence[CustomerAddress],
    gone: Collection[Address] = (),
    *,
    key: AddressKey = plain_key,
    most: int | None = None,
) -> AddressList:
    """The list to write, so that the wanted addresses are there, those gone are not, and every other one stays.

    Args:
        stored: the target's, read just now.
        wanted: the customer's, from the other side.
        gone: what the owner removed. One that is wanted as well stays.
        most: as many as the target takes (Heartland: 20); the rest are noted.
    """
    wants = {key(address): address for address in wanted}
    leaving = {key(address) for address in gone} - wants.keys()
    stay = [address for address in stored if key(address) not in leaving]
    known = {key(address) for address in stay}
    new = [address for found, address in wants.items() if found not in known]
    notes = []
    if most is not None and len(stay) + len(new) > most:
        room = max(0, most - len(stay))
        notes.append(f"{len(new) - room} of {len(new)} new addresses were left out: no more than {most} fit")
        new = new[:room]
    added = [address.model_copy(update=NEW) for address in new]
    if not stay and not added and any(_is_default(address) for address in stored):
        stay = [address for address in stored if _is_default(address)]
        notes.append("the last address was not removed: it is the customer's default, and no other can take its place")
    addresses = tuple(stay + added)
    for use in USES:
        addresses = _with_default(use, addresses, stored, wants, key)
    return AddressList(addresses, addresses != tuple(stored), tuple(notes))


def _is_default(address: CustomerAddress) -> bool:
    return any(getattr(address, use) for use in USES)


def _with_default(
    use: str,
    addresses: tuple[CustomerAddress, ...],
    stored: Sequence[CustomerAddress],
    wants: Mapping[Hashable, CustomerAddress],
    key: AddressKey,
) -> tuple[CustomerAddress, ...]:
    """The list with a default for billing or shipping: the target's own; if that goes or there is none, the customer's
    from the other side; and if one goes that must be replaced, the first."""
    if not addresses or any(getattr(address, use) for address in addresses):
        return addresses
    marked = [n for n, one in enumerate(addresses) if key(one) in wants and getattr(wants[key(one)], use)]
    must = any(getattr(address, use) for address in stored)
    if not marked and not must:
        return addresses
    place = marked[0] if marked else 0
    default = addresses[place].model_copy(update={use: True})
    return (*addresses[:place], default, *addresses[place + 1 :])

"""The addresses of a customer: a list that is always written whole."""

from __future__ import annotations

from app.sandbox.magento.directory import check_address, find_region
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.shop import Json, Shop

DEFAULTS = ("default_billing", "default_shipping")
"""Flags of an address; on the customer, the id of the address that has it, as text."""


def write_addresses(shop: Shop, customer: Json, sent: list[Json]) -> None:
    """Make a list the customer's addresses: entries with an id are changed, those without are new, and what is not in
    the list is deleted. A default that is dropped needs a new one, unless the list is empty.

    Raises:
        RestError: a field is missing, an id is not the customer's, or a default is lost.
    """
    kept = {address["id"]: address for address in customer["addresses"]}
    written = [_write(shop, customer, kept, address) for address in sent]
    for default in DEFAULTS:
        _settle_default(customer, written, default)
    gone = kept.keys() - {address["id"] for address in written}
    shop.connection.executemany(
        "DELETE FROM customer_addresses WHERE address_id = ?", [(address_id,) for address_id in gone]
    )
    customer["addresses"] = written


def _write(shop: Shop, customer: Json, kept: dict[int, Json], sent: Json) -> Json:
    address_id = sent.get("id")
    if address_id and address_id not in kept:
        raise no_such_address(address_id)
    address = kept.get(address_id or 0, {}) | {name: value for name, value in sent.items() if value is not None}
    check_address(address)
    if not address_id:
        address_id = shop.next_id("customer_address")
        shop.connection.execute(
            "INSERT INTO customer_addresses(address_id, customer_id) VALUES (?, ?)", (address_id, customer["id"])
        )
    region = _region(sent if "region_id" in sent or "region" in sent else address)
    return address | {
        "id": address_id,
        "customer_id": customer["id"],
        "region": region,
        "region_id": region["region_id"],
    }


def _region(address: Json) -> Json:
    """The region by its id or code; id 0 where none is given, also in a country that has regions."""
    named = address.get("region") or {}
    region_id = address.get("region_id") or named.get("region_id")
    found = find_region(region_id, named.get("region_code"))
    if found is not None:
        return {"region_code": found[1], "region": found[2], "region_id": found[0]}
    return {"region_code": named.get("region_code"), "region": named.get("region"), "region_id": region_id or 0}


def _settle_default(customer: Json, addresses: list[Json], default: str) -> None:
    """Keep the default of before, or take the one that the list or the customer's own field names now."""
    before = customer.get(default)
    marked = [address["id"] for address in addresses if address.get(default)]
    named = [address["id"] for address in addresses if str(address["id"]) == before]
    fresh = [address_id for address_id in marked if address_id not in named]
    chosen = next(iter(fresh or named), None)
    if before and chosen is None and addresses:
        message = "The %fieldName value is invalid. Set the correct value and try again."
        raise RestError(400, message, {"fieldName": default})
    customer.pop(default, None)
    if chosen is not None:
        customer[default] = str(chosen)
    for address in addresses:
        address.pop(default, None)
        if address["id"] == chosen:
            address[default] = True


def drop_address(shop: Shop, customer: Json, address_id: int) -> None:
    """Delete one address; if it was a default, there is none any more."""
    shop.connection.execute("DELETE FROM customer_addresses WHERE address_id = ?", (address_id,))
    customer["addresses"] = [address for address in customer["addresses"] if address["id"] != address_id]
    for default in DEFAULTS:
        if customer.get(default) == str(address_id):
            del customer[default]


def no_such_address(address_id: object) -> RestError:
    """404 for an address that is not there, or not the customer's."""
    parameters = {"fieldName": "addressId", "fieldValue": address_id}
    return RestError(404, "No such entity with %fieldName = %fieldValue", parameters)

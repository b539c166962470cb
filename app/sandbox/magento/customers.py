"""Customers: accounts on a website, with their addresses."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson

from app.sandbox.magento.customer_addresses import DEFAULTS, drop_address, no_such_address, write_addresses
from app.sandbox.magento.errors import RestError, missing, unauthorised
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.mail import Mail, mail_customer
from app.sandbox.magento.routing import ANONYMOUS, Route
from app.sandbox.magento.search import Table, eav_unknown
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.tables import CUSTOMER_COLUMNS
from app.sandbox.magento.typed import SHAPES, read_parameters
from app.sandbox.premises import Website

MANAGE = "Magento_Customer::manage"
GENERAL_GROUP = 1
REQUIRED = ("firstname", "lastname", "email")
OWN = frozenset({"id", "created_at", "updated_at", "addresses", "extension_attributes", *DEFAULTS})
"""Fields that are not simply written as they are sent."""
TAKEN = "A customer with the same email address already exists in an associated website."

_FILTERED = frozenset(SHAPES["Customer"]) - {"id", "addresses", "custom_attributes", "extension_attributes"}
LIST_TABLE = Table(
    columns={name: f"json_extract(document, '$.{name}') COLLATE NOCASE" for name in _FILTERED}
    | {name: name for name in CUSTOMER_COLUMNS if name != "document"},
    numeric=frozenset({"entity_id"} | {name for name in _FILTERED if SHAPES["Customer"][name] == "integer"}),
    unknown=eav_unknown,
)

ATTRIBUTES = frozenset({"email", "firstname", "lastname", "dob", "gender", "taxvat"})
"""Attributes of customers; the merchant has made none."""


def create_customer(shop: Shop, call: Call) -> Json:
    """POST /V1/customers: anybody may; naming a group takes the right to manage customers. Mails a welcome."""
    parameters = {"customer": "Customer", "password": "string?", "redirectUrl": "string?"}
    sent = read_parameters(call.body, parameters)["customer"]
    call.resource_key = str(sent.get("email") or "")
    if sent.get("group_id") is not None and not call.may(MANAGE):
        raise unauthorised(MANAGE)
    _check_names(sent)
    website = _website(shop, sent)
    _check_free(shop, sent["email"], website.website_id)
    now = shop.now()
    customer: Json = {
        "id": shop.next_id("customer"),
        "group_id": GENERAL_GROUP,
        "created_at": now,
        "updated_at": now,
        "created_in": website.store_name,
        "store_id": website.store_id,
        "website_id": website.website_id,
        "addresses": [],
        "disable_auto_group_change": 0,
        "extension_attributes": {"is_subscribed": False},
    }
    _write(shop, customer, sent)
    shop.connection.execute(
        f"INSERT INTO customers({', '.join(CUSTOMER_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our names
        _row(customer),
    )
    mail_customer(shop, Mail.WELCOME, customer)
    _tell(shop, customer)
    return customer


def update_customer(shop: Shop, call: Call) -> Json:
    """PUT /V1/customers/:customerId: sets the fields that are sent. ``addresses``, if sent, is the whole new list.
    Moves ``updated_at`` whatever was changed."""
    parameters = {"customer": "Customer", "passwordHash": "string?"}
    sent = read_parameters(call.body, parameters)["customer"]
    customer = load_customer(shop, call.params["customerId"])
    call.resource_key = str(customer["id"])
    merged = customer | {name: value for name, value in sent.items() if value is not None}
    _check_names(merged)
    if merged["email"].lower() != customer["email"].lower() or merged["website_id"] != customer["website_id"]:
        _website(shop, merged)
        _check_free(shop, merged["email"], merged["website_id"])
    _write(shop, customer, sent)
    _store(shop, customer)
    return customer


def _check_names(customer: Json) -> None:
    absent = [name for name in REQUIRED if not customer.get(name)]
    if absent:
        raise missing(*absent)


def _website(shop: Shop, customer: Json) -> Website:
    """The website that a customer names, or the default one."""
    website_id = customer.get("website_id")
    if website_id is None:
        return shop.premises.websites[0]
    for website in shop.premises.websites:
        if website.website_id == website_id:
            return website
    message = "The website with id %1 that was requested wasn't found. Verify the website and try again."
    raise RestError(404, message, [website_id])


def _check_free(shop: Shop, email: str, website_id: int) -> None:
    """One account per e-mail and website, whatever the letter case."""
    if shop.one("SELECT 1 FROM customers WHERE email = ? AND website_id = ?", email, website_id) is not None:
        raise RestError(400, TAKEN)


def _write(shop: Shop, customer: Json, sent: Json) -> None:
    """Write what was sent into a customer's document."""
    customer |= {name: value for name, value in sent.items() if name not in OWN and value is not None}
    extension = {name: value for name, value in (sent.get("extension_attributes") or {}).items() if value is not None}
    customer["extension_attributes"] = customer["extension_attributes"] | extension
    named = {default: sent[default] for default in DEFAULTS if sent.get(default) is not None}
    addresses = sent.get("addresses")
    if addresses is None and named:
        addresses = customer["addresses"]
    if addresses is not None:
        write_addresses(shop, customer, [address | _flags(address, named) for address in addresses])


def _flags(address: Json, named: Json) -> Json:
    """The defaults that the customer's own fields make of an address."""
    return {default: True for default, address_id in named.items() if str(address.get("id")) == address_id}


def load_customer(shop: Shop, customer_id: str | int) -> Json:
    """A customer's document; 404 if there is none."""
    row = shop.one("SELECT document FROM customers WHERE entity_id = ?", customer_id)
    if row is None:
        parameters = {"fieldName": "customerId", "fieldValue": customer_id}
        raise RestError(404, "No such entity with %fieldName = %fieldValue", parameters)
    document: Json = orjson.loads(row["document"])
    return document


def _store(shop: Shop, customer: Json) -> None:
    customer["updated_at"] = shop.now()
    assignments = ", ".join(f"{name} = ?" for name in CUSTOMER_COLUMNS)
    shop.connection.execute(
        f"UPDATE customers SET {assignments} WHERE entity_id = ?",  # noqa: S608 - our names
        (*_row(customer), customer["id"]),
    )
    _tell(shop, customer)


def _row(customer: Json) -> tuple[object, ...]:
    return (
        customer["id"],
        customer["email"],
        customer["website_id"],
        customer["created_at"],
        customer["updated_at"],
        orjson.dumps(customer).decode(),
    )


def _tell(shop: Shop, customer: Json) -> None:
    shop.tell_saved("customer", customer, f"customer {customer['id']}", id_key="id")


def get_customer(shop: Shop, call: Call) -> Json:
    """GET /V1/customers/:customerId."""
    return load_customer(shop, call.params["customerId"])


def search_customers(shop: Shop, call: Call) -> Json:
    """GET /V1/customers/search. Compares e-mails without regard to case."""
    return list_rows(shop, call, ("customers", CUSTOMER_COLUMNS), LIST_TABLE, lambda row: orjson.loads(row["document"]))


def get_attribute(shop: Shop, call: Call) -> Json:  # noqa: ARG001 - a handler's arguments
    """GET /V1/attributeMetadata/customer/attribute/:attributeCode; no route makes another one."""
    code = call.params["attributeCode"]
    if code not in ATTRIBUTES:
        names = {"fieldName": "entityType", "fieldValue": "customer"}
        more = {"field2Name": "attributeCode", "field2Value": code}
        message = "No such entity with %fieldName = %fieldValue, %field2Name = %field2Value"
        raise RestError(404, message, names | more)
    return {"attribute_code": code, "frontend_input": "text", "user_defined": False, "system": True, "options": []}


def get_address(shop: Shop, call: Call) -> Any:
    """GET /V1/customers/addresses/:addressId."""
    row = _address_row(shop, call)
    customer = load_customer(shop, row["customer_id"])
    return next(address for address in customer["addresses"] if address["id"] == row["address_id"])


def delete_address(shop: Shop, call: Call) -> bool:
    """DELETE /V1/addresses/:addressId."""
    row = _address_row(shop, call)
    customer = load_customer(shop, row["customer_id"])
    call.resource_key = str(customer["id"])
    drop_address(shop, customer, row["address_id"])
    _store(shop, customer)
    return True


def _address_row(shop: Shop, call: Call) -> sqlite3.Row:
    row = shop.one("SELECT * FROM customer_addresses WHERE address_id = ?", call.params["addressId"])
    if row is None:
        raise no_such_address(call.params["addressId"])
    return row


ROUTES = (
    Route("POST", "/V1/customers", ANONYMOUS, create_customer),
    Route("PUT", "/V1/customers/:customerId", MANAGE, update_customer),
    Route("GET", "/V1/customers/search", "Magento_Customer::customer", search_customers, lists=True),
    Route("GET", "/V1/customers/:customerId", "Magento_Customer::customer", get_customer),
    Route(
        "GET",
        "/V1/attributeMetadata/customer/attribute/:attributeCode",
        "Magento_Customer::customer",
        get_attribute,
    ),
    Route("GET", "/V1/customers/addresses/:addressId", MANAGE, get_address),
    Route("DELETE", "/V1/addresses/:addressId", MANAGE, delete_address),
)

"""Orders: reading, saving columns, comments, hold and cancel."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from app.sandbox.lag import as_of
from app.sandbox.magento import transactions
from app.sandbox.magento.errors import RestError, not_found
from app.sandbox.magento.lifecycle import can_cancel, child_of, put, rows_with_money, set_state
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.order_document import expand
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, flat_unknown
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.stock import reserve
from app.sandbox.magento.tables import COMMENT_COLUMNS, ORDER_COLUMNS
from app.sandbox.magento.typed import SHAPES, read_parameters

NOT_COLUMNS = frozenset({"items", "billing_address", "payment", "status_histories", "extension_attributes"})
COLUMNS = frozenset(SHAPES["Order"]) - NOT_COLUMNS
"""Columns of the flat order table: sent alone, they are written alone."""
ITEM_COLUMNS = frozenset(SHAPES["OrderItem"]) - {"item_id", "extension_attributes", "product_option", "parent_item"}

ZERO_BY_DEFAULT = (
    *("qty_ordered", "qty_invoiced", "qty_shipped", "qty_canceled", "qty_refunded", "is_virtual"),
    *("price", "price_incl_tax", "tax_percent", "tax_amount", "tax_invoiced", "discount_amount", "discount_invoiced"),
)
"""Columns of a row that are not null: what was not sent is 0."""
OF_AN_ADDRESS = {
    "postcode": "Zip code",
    "lastname": "Last name",
    "street": "Street",
    "city": "City",
    "email": "Email",
    "country_id": "Country",
    "firstname": "First Name",
    "address_type": "Address Type",
    "telephone": "Phone Number",
}
"""What an order's address must have, by what Magento calls it."""

LIST_TABLE = Table(
    columns={name: f"json_extract(document, '$.{name}')" for name in COLUMNS}
    | {name: name for name in ORDER_COLUMNS if name != "document"},
    numeric=frozenset(name for name in COLUMNS if SHAPES["Order"][name] in ("integer", "number")),
    unknown=flat_unknown,
)


def load_order(shop: Shop, entity_id: str | int) -> Json:
    """The stored document of an order; 404 if there is none."""
    row = shop.one("SELECT document FROM orders WHERE entity_id = ?", _whole(entity_id))
    if row is None:
        raise not_found()
    document: Json = orjson.loads(row["document"])
    return document


def _whole(entity_id: str | int) -> int:
    """An id from a path, as PHP casts it."""
    try:
        return int(entity_id)
    except ValueError:
        raise RestError(
            400,
            f'Error occurred during "id" processing. The "{entity_id}" value\'s type is invalid.'
            ' The "int" type was expected. Verify and try again.',
        ) from None


def insert_order(shop: Shop, document: Json) -> None:
    """Store a new order; 400 if its number is taken in its store."""
    taken = shop.one(
        "SELECT 1 FROM orders WHERE increment_id = ? AND store_id = ?", document["increment_id"], document["store_id"]
    )
    if taken is not None:
        raise RestError(400, "Unique constraint violation found")
    shop.connection.execute(
        f"INSERT INTO orders({', '.join(ORDER_COLUMNS)}) VALUES ({', '.join('?' * len(ORDER_COLUMNS))})",  # noqa: S608
        _row(document),
    )


def store_order(shop: Shop, document: Json, *, moves: bool) -> None:
    """Store a changed order. ``moves``: one of the order's own columns changed, so that updated_at does too."""
    if moves:
        document["updated_at"] = shop.now()
    assignments = ", ".join(f"{name} = ?" for name in ORDER_COLUMNS)
    shop.connection.execute(
        f"UPDATE orders SET {assignments} WHERE entity_id = ?",  # noqa: S608 - our column names
        (*_row(document), document["entity_id"]),
    )


def _row(document: Json) -> tuple[object, ...]:
    return (*(document.get(name) for name in ORDER_COLUMNS[:-1]), orjson.dumps(document).decode())


def comments(shop: Shop, order_id: int, lag: float = 0.0) -> list[Json]:
    """The comments of an order, oldest first."""
    source = as_of("order_comments", COMMENT_COLUMNS, lag)
    rows = shop.connection.execute(f"SELECT * FROM {source} WHERE order_id = ? ORDER BY id", (order_id,))  # noqa: S608
    return [_comment_document(dict(row)) for row in rows]


def _comment_document(row: Json) -> Json:
    document = {
        "comment": row["comment"],
        "created_at": row["created_at"],
        "entity_id": row["id"],
        "entity_name": row["entity_name"],
        "is_customer_notified": row["is_customer_notified"],
        "is_visible_on_front": row["is_visible_on_front"],
        "parent_id": row["order_id"],
        "status": row["status"],
    }
    nullable = ("entity_name", "status")
    return {name: value for name, value in document.items() if value is not None or name not in nullable}


def shown(shop: Shop, document: Json, lag: float = 0.0) -> Json:
    """An order as REST shows it."""
    return expand(document, comments(shop, document["entity_id"], lag)[::-1])


def get_order(shop: Shop, call: Call) -> Json:
    """GET /V1/orders/:id."""
    return shown(shop, load_order(shop, call.params["id"]))


def get_status(shop: Shop, call: Call) -> Any:
    """GET /V1/orders/:id/statuses."""
    return load_order(shop, call.params["id"])["status"]


def list_orders(shop: Shop, call: Call) -> Json:
    """GET /V1/orders."""
    return list_rows(
        shop,
        call,
        ("orders", ORDER_COLUMNS),
        LIST_TABLE,
        lambda row: shown(shop, orjson.loads(row["document"]), call.lag),
    )


def save_order(shop: Shop, call: Call) -> Json:
    """POST /V1/orders: with entity_id it writes the columns that are sent and nothing else; without, it inserts."""
    entity = read_parameters(call.body, {"entity": "Order"})["entity"]
    document = _update(shop, entity) if entity.get("entity_id") else _insert(shop, entity)
    call.resource_key = str(document["increment_id"])
    shop.tell_order_saved(shown(shop, document))
    sent = {name: value for name, value in entity.items() if value is not None}
    zero: Json = {"base_grand_total": None, "grand_total": None, "total_due": 0, "base_total_due": 0, "items": []}
    return zero | sent | {"entity_id": document["entity_id"]}


def _update(shop: Shop, entity: Json) -> Json:
    document = load_order(shop, entity["entity_id"])
    columns = {name: value for name, value in entity.items() if name in COLUMNS and name != "entity_id"}
    moves = any(document.get(name) != value for name, value in columns.items())
    document |= columns
    for name in [name for name, value in document.items() if value is None]:
        if name not in ("state", "status"):
            del document[name]
    for item in entity.get("items") or []:
        _update_item(document, item)
    store_order(shop, document, moves=moves)
    return document


def _update_item(document: Json, item: Json) -> None:
    """Write the sent columns of one row; an id that the order does not have is passed over."""
    for row in document["items"]:
        if row["item_id"] == item.get("item_id"):
            row |= {name: value for name, value in item.items() if name in ITEM_COLUMNS and value is not None}


def _insert(shop: Shop, entity: Json) -> Json:
    """An order as sent: no totals, no stock, no reservation, no mail."""
    if not entity.get("payment"):
        raise RestError(400, "Please provide payment for the order.")
    now = shop.now()
    entity_id = shop.next_id("order")
    document: Json = {
        "store_id": shop.premises.default_store,
        "created_at": now,
        "updated_at": now,
        "state": "new",
        "status": "pending",
    }
    document |= {name: value for name, value in entity.items() if value is not None}
    document["entity_id"] = entity_id
    document.setdefault("increment_id", shop.next_number("order", document["store_id"]))
    rows = entity.get("items") or []
    first = shop.next_id("order_item", len(rows)) if rows else 0
    document["items"] = [
        dict.fromkeys(ZERO_BY_DEFAULT, 0) | row | {"item_id": first + index, "order_id": entity_id}
        for index, row in enumerate(rows)
    ]
    if entity.get("billing_address"):
        document |= _billed(shop, entity["billing_address"], entity_id)
    document["payment"] = entity["payment"] | {"entity_id": entity_id, "parent_id": entity_id}
    insert_order(shop, document)
    return document


def _billed(shop: Shop, address: Json, entity_id: int) -> Json:
    """The billing address of a saved order, which must be whole."""
    missing = [label for name, label in OF_AN_ADDRESS.items() if not address.get(name)]
    if missing:
        warnings = "\n".join(f'"{label}" is required. Enter and try again.' for label in missing)
        raise RestError(400, "We can't save the address:\n%1", [warnings])
    address_id = shop.next_id("order_address")
    billed = address | {"entity_id": address_id, "parent_id": entity_id}
    return {"billing_address_id": address_id, "billing_address": billed}


def list_comments(shop: Shop, call: Call) -> Json:
    """GET /V1/orders/:id/comments."""
    order_id = call.params["id"]
    load_order(shop, order_id)
    found = comments(shop, int(order_id), call.lag)
    parent = {"field": "parent_id", "value": order_id, "condition_type": "eq"}
    return {
        "items": found,
        "search_criteria": {"filter_groups": [{"filters": [parent]}]},
        "total_count": len(found),
    }


def add_comment(shop: Shop, call: Call) -> bool:
    """POST /V1/orders/:id/comments. A status must be the order's own; the order itself does not change. If the customer
    cannot be told, the answer is 400 and the comment is stored."""
    sent = read_parameters(call.body, {"statusHistory": "OrderStatusHistory"})["statusHistory"]
    document = load_order(shop, call.params["id"])
    call.resource_key = str(document["increment_id"])
    status = sent.get("status") or document["status"]
    if status != document["status"]:
        message = 'Unable to add comment: The status "%1" is not part of the order\n                 status history.'
        raise RestError(400, message, [status])
    keep_comment(shop, document, sent | {"status": status})
    if sent.get("is_customer_notified") and not mail_about_order(shop, Mail.ORDER_COMMENT, document):
        call.refusal = RestError(400, "Unable to send mail. Please try again later.")
    return True


def keep_comment(shop: Shop, document: Json, comment: Json) -> None:
    """Add a row to the order's history: of a person, or Magento's own."""
    shop.connection.execute(
        "INSERT INTO order_comments(order_id, comment, status, created_at, entity_name, is_customer_notified,"
        " is_visible_on_front) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            document["entity_id"],
            comment.get("comment"),
            comment["status"],
            shop.now(),
            comment.get("entity_name"),
            comment.get("is_customer_notified"),
            comment.get("is_visible_on_front") or 0,
        ),
    )


def _change_state(shop: Shop, call: Call, change: Callable[[Json], None]) -> bool:
    document = load_order(shop, call.params["id"])
    call.resource_key = str(document["increment_id"])
    change(document)
    store_order(shop, document, moves=True)
    shop.tell_order_saved(shown(shop, document))
    return True


def hold_order(shop: Shop, call: Call) -> bool:
    """POST /V1/orders/:id/hold."""

    def hold(document: Json) -> None:
        if document["state"] not in ("new", "processing", "pending_payment"):
            raise RestError(400, "A hold action is not available.")
        document["hold_before_state"], document["hold_before_status"] = document["state"], document["status"]
        set_state(document, "holded")

    return _change_state(shop, call, hold)


def unhold_order(shop: Shop, call: Call) -> bool:
    """POST /V1/orders/:id/unhold."""

    def unhold(document: Json) -> None:
        if document["state"] != "holded":
            raise RestError(400, "You cannot remove the hold.")
        document["state"], document["status"] = document.pop("hold_before_state"), document.pop("hold_before_status")

    return _change_state(shop, call, unhold)


def cancel_order(shop: Shop, call: Call) -> bool:
    """POST /V1/orders/:id/cancel: cancels what is not invoiced. False, with 200, if nothing can be cancelled."""
    document = load_order(shop, call.params["id"])
    call.resource_key = str(document["increment_id"])
    if not can_cancel(document):
        return False
    for row in rows_with_money(document):
        _cancel_row(shop, document, row)
    _cancel_totals(document)
    set_state(document, "processing" if decimal(document.get("total_paid")) > 0 else "canceled")
    transactions.void(shop, document)
    store_order(shop, document, moves=True)
    shop.tell_order_saved(shown(shop, document))
    return True


def _cancel_row(shop: Shop, document: Json, row: Json) -> None:
    """Cancel what is neither invoiced nor shipped, and release its reservation."""
    done = max(decimal(row["qty_invoiced"]), decimal(row["qty_shipped"]))
    quantity = max(Decimal(0), decimal(row["qty_ordered"]) - done - decimal(row["qty_canceled"]))
    for changed in filter(None, (row, child_of(document, row))):
        share = decimal(changed["tax_amount"]) * quantity / decimal(row["qty_ordered"])
        changed["qty_canceled"] = number(decimal(changed["qty_canceled"]) + quantity)
        changed["tax_canceled"] = number(decimal(changed.get("tax_canceled")) + share)
        changed["discount_tax_compensation_canceled"] = 0
        changed["updated_at"] = shop.now()
    if quantity:
        reserve(shop, row["sku"], quantity, document, "order_canceled")


def _cancel_totals(document: Json) -> None:
    """The order's ..._canceled amounts: what was not invoiced. total_due stays as it was."""
    for name in ("subtotal", "tax", "shipping"):
        whole = document["subtotal" if name == "subtotal" else f"{name}_amount"]
        put(document, f"{name}_canceled", decimal(whole) - decimal(document.get(f"{name}_invoiced")))
    discount = abs(decimal(document["discount_amount"])) - abs(decimal(document.get("discount_invoiced")))
    put(document, "discount_canceled", discount)
    put(document, "total_canceled", decimal(document["grand_total"]) - decimal(document.get("total_paid")))


ROUTES = (
    Route("GET", "/V1/orders", "Magento_Sales::actions_view", list_orders, lists=True),
    Route("GET", "/V1/orders/:id", "Magento_Sales::actions_view", get_order),
    Route("GET", "/V1/orders/:id/statuses", "Magento_Sales::actions_view", get_status),
    Route("POST", "/V1/orders", "Magento_Sales::create", save_order),
    Route("PUT", "/V1/orders/create", "Magento_Sales::create", save_order),
    Route("GET", "/V1/orders/:id/comments", "Magento_Sales::actions_view", list_comments, lists=True),
    Route("POST", "/V1/orders/:id/comments", "Magento_Sales::comment", add_comment),
    Route("POST", "/V1/orders/:id/cancel", "Magento_Sales::cancel", cancel_order),
    Route("POST", "/V1/orders/:id/hold", "Magento_Sales::hold", hold_order),
    Route("POST", "/V1/orders/:id/unhold", "Magento_Sales::unhold", unhold_order),
)

"""Credit memos: giving money back for some or all rows, for shipping, or for nothing in particular."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from app.sandbox.magento import documents, orders, transactions
from app.sandbox.magento.creditmemo_document import Refund, book_creditmemo, build_creditmemo
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.lifecycle import left_to_refund, rows_with_money, settle_refund
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.payment_methods import GATEWAY
from app.sandbox.magento.returned_goods import settle_stock
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.typed import read_parameters

NO_REFUND = frozenset({"payment_review", "holded", "canceled", "closed"})
NOT_OF_THE_ORDER = "The creditmemo contains product item that is not part of the original order."
NOT_REFUNDABLE = "The creditmemo contains incorrect product items."
NO_REFUND_BY_INVOICE = "We can't create creditmemo for the invoice."

PARAMETERS = {
    "items": "array<CreditmemoItemCreation>?",
    "notify": "boolean?",
    "appendComment": "boolean?",
    "comment": "CreditmemoCommentCreation?",
    "arguments": "CreditmemoCreationArguments?",
}


def refund_order(shop: Shop, call: Call) -> str:
    """POST /V1/order/:orderId/refund: offline. No items means everything left, and shipping goes with it unless
    ``arguments.shipping_amount`` says otherwise."""
    sent = read_parameters(call.body, PARAMETERS)
    order = orders.load_order(shop, call.params["orderId"])
    call.resource_key = str(order["increment_id"])
    return _refund(shop, order, sent, None, online=False)


def refund_invoice(shop: Shop, call: Call) -> str:
    """POST /V1/invoice/:invoiceId/refund: of what that invoice took; through the gateway with ``isOnline``."""
    sent = read_parameters(call.body, PARAMETERS | {"isOnline": "boolean?"})
    invoice = documents.load(shop, "invoices", call.params["invoiceId"])
    order = orders.load_order(shop, invoice["order_id"])
    call.resource_key = str(order["increment_id"])
    online = bool(sent.get("isOnline")) and "transaction_id" in invoice
    return _refund(shop, order, sent, invoice, online=online)


def _refund(shop: Shop, order: Json, sent: Json, invoice: Json | None, *, online: bool) -> str:
    if invoice is not None:
        _check_invoice(order, invoice)
    refund, problems = _read_refund(shop, order, sent, invoice)
    memo = build_creditmemo(order, refund)
    _check(order, memo, problems)
    settle_stock(shop, order, memo, _returned(sent))
    _number(shop, order, memo, sent)
    if invoice is not None:
        _book_invoice(shop, invoice, memo)
    if online and invoice is not None:
        amount = decimal(memo["grand_total"])
        memo["transaction_id"] = transactions.give_back(shop, order, invoice["transaction_id"], amount)
    book_creditmemo(order, memo, online=online, now=shop.now())
    order["customer_note_notify"] = int(bool(sent.get("notify")))
    settle_refund(order)
    documents.keep(shop, "creditmemos", memo)
    orders.store_order(shop, order, moves=True)
    _write_history(shop, order, memo)
    shop.tell_order_saved(orders.shown(shop, order))
    shop.tell_saved("credit_memo", memo, f"credit memo {memo['increment_id']}")
    if sent.get("notify"):
        mail_about_order(shop, Mail.CREDIT_MEMO, order)
    return str(memo["entity_id"])


def _read_refund(shop: Shop, order: Json, sent: Json, invoice: Json | None) -> tuple[Refund, list[str]]:
    """What to give back, and what is wrong with the rows that were asked for."""
    limits = _limits(shop, order, invoice)
    quantities, problems = _quantities(order, sent.get("items") or [], limits)
    arguments = sent.get("arguments") or {}
    refund = Refund(
        quantities=quantities,
        shipping=_shipping(order, invoice, _amount(arguments, "shipping_amount")),
        positive=_amount(arguments, "adjustment_positive"),
        negative=_amount(arguments, "adjustment_negative"),
    )
    return refund, problems


def _amount(arguments: Json, name: str) -> Decimal | None:
    return decimal(arguments[name]) if arguments.get(name) is not None else None


def _limits(shop: Shop, order: Json, invoice: Json | None) -> dict[int, Decimal]:
    """Units that may be refunded by order item: what is left of the order's row, and of the invoice's."""
    limits = {row["item_id"]: left_to_refund(row) for row in rows_with_money(order)}
    if invoice is None:
        return limits
    of_invoice = {item["order_item_id"]: decimal(item["qty"]) for item in invoice["items"]}
    for memo in documents.of_order(shop, "creditmemos", order["entity_id"]):
        if memo.get("invoice_id") == invoice["entity_id"]:
            for item in memo["items"]:
                of_invoice[item["order_item_id"]] -= decimal(item["qty"])
    return {item_id: min(left, of_invoice.get(item_id, Decimal(0))) for item_id, left in limits.items()}


def _quantities(order: Json, items: list[Json], limits: Mapping[int, Decimal]) -> tuple[dict[int, Decimal], list[str]]:
    """Units by order item. More than is left of the order's row is refused at once; more than is left of the invoice's
    is cut."""
    if not items:
        return dict(limits), []
    rows = {row["item_id"]: row for row in order["items"]}
    wanted: dict[int, Decimal] = {}
    problems = []
    for item in items:
        item_id, quantity = item.get("order_item_id", 0), decimal(item.get("qty"))
        if item_id not in rows:
            problems.append(NOT_OF_THE_ORDER)
        elif item_id not in limits:
            problems.append(NOT_REFUNDABLE)
        elif not 0 <= quantity <= left_to_refund(rows[item_id]):
            message = 'We found an invalid quantity to refund item "%1".'
            raise RestError(400, message, [rows[item_id]["name"]])
        else:
            wanted[item_id] = min(quantity, limits[item_id])
    return wanted, problems


def _shipping(order: Json, invoice: Json | None, asked: Decimal | None) -> Decimal:
    """Of the shipping fee: what is asked for, else all that is left of it."""
    left = decimal(order.get("shipping_amount")) - decimal(order.get("shipping_refunded"))
    if asked is None:
        return left if invoice is None else min(left, decimal(invoice.get("shipping_amount")))
    if asked > left:
        raise RestError(400, "Maximum shipping amount allowed to refund is: %1", [f"${left:,.2f}"])
    return asked


def _check(order: Json, memo: Json, problems: list[str]) -> None:
    found = list(problems)
    if order["state"] in NO_REFUND:
        found.append(f"A creditmemo can not be created when an order has a status of {order['status']}")
    left = decimal(order.get("total_paid")) - decimal(order.get("total_refunded"))
    total = decimal(memo["grand_total"])
    if total > left:
        found.append(f"The most money available to refund is {number(left)}.")
    if total < 0:
        found.append("The credit memo's total must be positive.")
    _refuse(found)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise RestError(400, "\n".join(["Creditmemo Document Validation Error(s):", *problems]))


def _returned(sent: Json) -> frozenset[int]:
    extension = (sent.get("arguments") or {}).get("extension_attributes") or {}
    return frozenset(extension.get("return_to_stock_items") or [])


def _number(shop: Shop, order: Json, memo: Json, sent: Json) -> None:
    """Give the memo its ids, number, times and comment."""
    entity_id = shop.next_id("creditmemo")
    memo |= documents.money_head(order, shop.now())
    memo |= {"entity_id": entity_id, "increment_id": shop.next_number("creditmemo", order["store_id"])}
    for item in memo["items"]:
        item |= {"entity_id": shop.next_id("creditmemo_item"), "parent_id": entity_id}
    memo["comments"] = [_comment(shop, entity_id, sent)] if sent.get("comment") else []


def _comment(shop: Shop, entity_id: int, sent: Json) -> Json:
    """Stored also without appendComment; with it and notify it is marked as mailed."""
    return {
        "comment": sent["comment"].get("comment"),
        "created_at": shop.now(),
        "entity_id": shop.next_id("creditmemo_comment"),
        "is_customer_notified": int(bool(sent.get("appendComment") and sent.get("notify"))),
        "is_visible_on_front": sent["comment"].get("is_visible_on_front") or 0,
        "parent_id": entity_id,
    }


def _check_invoice(order: Json, invoice: Json) -> None:
    """Only a method with a gateway refunds by invoice, and only as long as money is left of it."""
    left = decimal(invoice["base_grand_total"]) - decimal(invoice.get("base_total_refunded"))
    if order["payment"]["method"] not in GATEWAY or left <= 0:
        _refuse([NO_REFUND_BY_INVOICE])


def _book_invoice(shop: Shop, invoice: Json, memo: Json) -> None:
    """Keep on the invoice what was refunded of it."""
    refunded = decimal(invoice.get("base_total_refunded"))
    memo["invoice_id"] = invoice["entity_id"]
    invoice |= {"is_used_for_refund": 1, "updated_at": shop.now()}
    invoice["base_total_refunded"] = number(refunded + decimal(memo["grand_total"]))
    documents.change(shop, "invoices", invoice)


def _write_history(shop: Shop, order: Json, memo: Json) -> None:
    amount = f"${decimal(memo['grand_total']):,.2f}"
    text = f"We refunded {amount} offline."
    if "transaction_id" in memo:
        text = f'We refunded {amount} online. Transaction ID: "{memo["transaction_id"]}"'
    row = {"comment": text, "status": order["status"], "entity_name": "creditmemo", "is_customer_notified": 0}
    orders.keep_comment(shop, order, row)


def cancel_creditmemo(shop: Shop, call: Call) -> None:
    """PUT /V1/creditmemo/:id: only an open one can be cancelled, and none of this shop stays open."""
    documents.get(shop, "creditmemos", call)
    raise RestError(400, "You can not cancel Credit Memo")


def get_creditmemo(shop: Shop, call: Call) -> Json:
    """GET /V1/creditmemo/:id."""
    return documents.get(shop, "creditmemos", call)


def list_creditmemos(shop: Shop, call: Call) -> Json:
    """GET /V1/creditmemos."""
    return documents.find(shop, "creditmemos", call)


ROUTES = (
    Route("POST", "/V1/order/:orderId/refund", "Magento_Sales::creditmemo", refund_order),
    Route("POST", "/V1/invoice/:invoiceId/refund", "Magento_Sales::sales_invoice", refund_invoice),
    Route("GET", "/V1/creditmemo/:id", "Magento_Sales::sales_creditmemo", get_creditmemo),
    Route("PUT", "/V1/creditmemo/:id", "Magento_Sales::sales_creditmemo", cancel_creditmemo),
    Route("GET", "/V1/creditmemos", "Magento_Sales::sales_creditmemo", list_creditmemos, lists=True),
)

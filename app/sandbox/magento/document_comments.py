"""Comments on invoices, shipments and credit memos. None moves any ``updated_at``, and none is checked for a repeat."""

from __future__ import annotations

from dataclasses import dataclass

from app.sandbox.magento import documents, orders
from app.sandbox.magento.errors import RestError, could_not_save
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters


@dataclass(frozen=True, slots=True)
class Commented:
    """Something that can be commented on.

    Attributes:
        shape: of the comment that is sent.
        sequence: that numbers the comments.
        newest_first: how the document shows them.
    """

    kind: documents.Kind
    shape: str
    sequence: str
    mail: Mail
    newest_first: bool = False


INVOICE = Commented("invoices", "InvoiceComment", "invoice_comment", Mail.INVOICE_COMMENT)
SHIPMENT = Commented("shipments", "ShipmentComment", "shipment_comment", Mail.SHIPMENT_COMMENT)
CREDIT_MEMO = Commented(
    "creditmemos", "CreditmemoComment", "creditmemo_comment", Mail.CREDIT_MEMO_COMMENT, newest_first=True
)


def add_invoice_comment(shop: Shop, call: Call) -> Json:
    """POST /V1/invoices/comments."""
    return _add(shop, call, INVOICE, "add_invoice_comment")


def add_shipment_comment(shop: Shop, call: Call) -> Json:
    """POST /V1/shipment/:id/comments."""
    return _add(shop, call, SHIPMENT, "add_shipment_comment")


def add_creditmemo_comment(shop: Shop, call: Call) -> Json:
    """POST /V1/creditmemo/:id/comments."""
    return _add(shop, call, CREDIT_MEMO, "add_creditmemo_comment")


def _add(shop: Shop, call: Call, commented: Commented, operation: str) -> Json:
    """Store a comment; the body's parent counts, not the path's. A mail that fails is kept quiet about."""
    sent = read_parameters(call.body, {"entity": commented.shape})["entity"]
    try:
        document = documents.load(shop, commented.kind, sent.get("parent_id") or 0)
    except RestError:
        raise could_not_save(operation) from None
    order = orders.load_order(shop, document["order_id"])
    call.resource_key = str(order["increment_id"])
    if not sent.get("comment"):
        raise could_not_save(operation)
    comment = {
        "comment": sent["comment"],
        "created_at": shop.now(),
        "entity_id": shop.next_id(commented.sequence),
        "is_customer_notified": sent.get("is_customer_notified") or 0,
        "is_visible_on_front": sent.get("is_visible_on_front") or 0,
        "parent_id": document["entity_id"],
    }
    document["comments"].insert(0 if commented.newest_first else len(document["comments"]), comment)
    documents.change(shop, commented.kind, document)
    if comment["is_customer_notified"]:
        mail_about_order(shop, commented.mail, order)
    return comment


def list_invoice_comments(shop: Shop, call: Call) -> Json:
    """GET /V1/invoices/:id/comments."""
    return _list(shop, call, INVOICE)


def list_shipment_comments(shop: Shop, call: Call) -> Json:
    """GET /V1/shipment/:id/comments."""
    return _list(shop, call, SHIPMENT)


def list_creditmemo_comments(shop: Shop, call: Call) -> Json:
    """GET /V1/creditmemo/:id/comments."""
    return _list(shop, call, CREDIT_MEMO)


def _list(shop: Shop, call: Call, commented: Commented) -> Json:
    found = documents.get(shop, commented.kind, call)["comments"]
    parent = {"field": "parent_id", "value": call.params["id"], "condition_type": "eq"}
    return {
        "items": found,
        "search_criteria": {"filter_groups": [{"filters": [parent]}]},
        "total_count": len(found),
    }


ROUTES = (
    Route("POST", "/V1/invoices/comments", "Magento_Sales::sales_invoice", add_invoice_comment),
    Route("GET", "/V1/invoices/:id/comments", "Magento_Sales::sales_invoice", list_invoice_comments, lists=True),
    Route("POST", "/V1/shipment/:id/comments", "Magento_Sales::shipment", add_shipment_comment),
    Route("GET", "/V1/shipment/:id/comments", "Magento_Sales::shipment", list_shipment_comments, lists=True),
    Route("POST", "/V1/creditmemo/:id/comments", "Magento_Sales::sales_creditmemo", add_creditmemo_comment),
    Route(
        "GET", "/V1/creditmemo/:id/comments", "Magento_Sales::sales_creditmemo", list_creditmemo_comments, lists=True
    ),
)

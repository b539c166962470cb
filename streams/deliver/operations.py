"""What may be done in a target: whether it may be repeated, and how it is found out that it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """Whether an operation may be repeated."""

    CREATE_ONCE = "create_once"
    """Each call makes one more: it goes through the ledger."""
    SET_STATE = "set_state"
    """It sets a value: called again, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One mutation of a target's port.

    Attributes:
        name: the port's method, as flow documents, journal and ledger name it.
        kind: whether it may be repeated.
        lookup: how a create-once is found in the target; None if it cannot be, so that one without an answer goes to a
            person.
        window: what can still go wrong, and when.
        mails: whether the target may write to the customer because of it.
    """

    name: str
    kind: OperationKind
    lookup: str | None
    window: str
    mails: bool = False


CREATE_ORDER = Operation(
    name="create_order",
    kind=OperationKind.CREATE_ONCE,
    lookup="orders by the number that they carry as external id",
    window="a second order, if the first is stored later than longest_execution_seconds after our time-out or shows in "
    "the list later than lookup_lag_seconds after that",
)
ADD_COMMENT = Operation(
    name="add_comment",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's comments by the marker in their text",
    window="a second comment, as with create_order; and one more if the marker is edited out by hand before a look",
)
SET_EXTERNAL_NUMBER = Operation(
    name="set_external_number",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: an order's number stays what it is, so that a late call sets it to what it is",
)
SET_ORDER_STATUS = Operation(
    name="set_order_status",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="a status that the order's next step has just set is set back, until the step after that",
)
NOTIFY_CUSTOMER = Operation(
    name="notify_customer",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's comments by the marker in their text",
    window="a second mail, as with create_order; none, where mail is down: the comment is found then",
    mails=True,
)
WRITE_SOURCE_ITEMS = Operation(
    name="write_source_items",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older quantity, from when a call without an answer takes effect after a newer one until it has settled: "
    "then the newest is written again",
)

CANCEL_ORDER = Operation(
    name="cancel_order",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: a cancelled order stays cancelled, and one that was fulfilled first refuses",
)
FULFIL_ORDER = Operation(
    name="fulfil_order",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: a fulfilled order stays fulfilled, and one that was cancelled first refuses",
)
SET_ORDER_ADDRESSES = Operation(
    name="set_order_addresses",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older address, from when a call without an answer takes effect after a newer one until the newest is "
    "written again",
)
SET_ORDER_CUSTOMER = Operation(
    name="set_order_customer",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older customer, as with set_order_addresses",
)
APPEND_SHIPMENT = Operation(
    name="append_shipment",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's shipments by the marker in their tracking number or carrier",
    window="none from a late call: the list is written as a whole, and refused if the order has another by then. An "
    "entry never changes, so that its marker stays",
)
APPEND_REFUND = Operation(
    name="append_refund",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's refunds by the marker in their reason or in a tender's reference",
    window="none from a late call, as with append_shipment; a refund that somebody enters there by hand carries no "
    "marker, and is a second one",
)
CREATE_PAYMENT = Operation(
    name="create_payment",
    kind=OperationKind.CREATE_ONCE,
    lookup="payments by the external id",
    window="a second payment, as with create_order, and only as far as the order still has money due or its parent "
    "money left: more is refused",
)
CREATE_CUSTOMER = Operation(
    name="create_customer",
    kind=OperationKind.CREATE_ONCE,
    lookup="customers by the external id",
    window="a second profile, as with create_order; and one more if the external id is changed by hand before a look",
)
UPDATE_CUSTOMER = Operation(
    name="update_customer",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older profile, from when a call without an answer takes effect after a newer one until the newest is "
    "written again",
)
HOLD_GIFT_CARD = Operation(
    name="hold_gift_card",
    kind=OperationKind.CREATE_ONCE,
    lookup="the card's holds by the external id",
    window="a second hold, as with create_order, until it is released; never more than the card has available",
)
COMMIT_GIFT_CARD = Operation(
    name="commit_gift_card",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: a hold is spent once and stays so, and one that was released first refuses",
)
RELEASE_GIFT_CARD = Operation(
    name="release_gift_card",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: a hold is released once and stays so, and one that was spent first refuses",
)
CREDIT_GIFT_CARD = Operation(
    name="credit_gift_card",
    kind=OperationKind.CREATE_ONCE,
    lookup="the card's credits by the external id",
    window="the same money given back twice, as with create_order, which the card's list of credits shows",
)

CANCEL_WEB_ORDER = Operation(
    name="cancel_web_order",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="none: a cancelled order stays cancelled, and what is invoiced by then stays invoiced",
)
HOLD_WEB_ORDER = Operation(
    name="hold_web_order",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an order held again, if a call without an answer takes effect after somebody let it go on",
)
UNHOLD_WEB_ORDER = Operation(
    name="unhold_web_order",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an order that goes on, if a call without an answer takes effect after somebody held it again",
)
SHIP_ORDER = Operation(
    name="ship_order",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's shipments by the marker in a comment, or by a track's number",
    window="a second shipment, as with create_order, and only of pieces that are still left; and one more if the "
    "marker is edited out by hand before a look. Somebody who ships by hand at that moment makes ours smaller, which "
    "is seen and told",
    mails=True,
)
ADD_TRACK = Operation(
    name="add_track",
    kind=OperationKind.CREATE_ONCE,
    lookup="the shipment's tracks by number",
    window="the same number twice on a shipment, as with create_order",
)
READY_FOR_PICKUP = Operation(
    name="ready_for_pickup",
    kind=OperationKind.CREATE_ONCE,
    lookup="a shipment of the order, of which nothing is left to ship then",
    window="a second mail, as with create_order; never a second shipment",
    mails=True,
)
INVOICE_ORDER = Operation(
    name="invoice_order",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's invoices by the marker in a comment",
    window="a second invoice and capture, as with create_order, and only of pieces that are not invoiced yet; and "
    "money that the gateway took for an invoice that Magento then gave up, which only the gateway tells",
    mails=True,
)
REFUND_OFFLINE = Operation(
    name="refund_offline",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's credit memos by the marker in a comment",
    window="a second credit memo, as with create_order, and only as far as paid money is left; and one more if the "
    "marker is edited out by hand before a look",
    mails=True,
)
REFUND_ONLINE = Operation(
    name="refund_online",
    kind=OperationKind.CREATE_ONCE,
    lookup="the order's credit memos by the marker in a comment",
    window="as with refund_offline; and money that the gateway gave back for a credit memo that Magento then gave up, "
    "which only the gateway tells",
    mails=True,
)
RECORD_TICKET = Operation(
    name="record_ticket",
    kind=OperationKind.CREATE_ONCE,
    lookup="orders by the ticket's ref as external number",
    window="none: Magento refuses a second order of one number in a store view",
)
CREATE_ACCOUNT = Operation(
    name="create_account",
    kind=OperationKind.CREATE_ONCE,
    lookup="accounts by e-mail and website",
    window="none: Magento refuses a second account of an address on one website",
    mails=True,
)
UPDATE_ACCOUNT = Operation(
    name="update_account",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older account, from when a call without an answer takes effect after a newer one until the newest is "
    "written again; an address that the customer adds while the whole list is on its way is lost",
)
CREATE_PRODUCT = Operation(
    name="create_product",
    kind=OperationKind.CREATE_ONCE,
    lookup="products by SKU, letter for letter",
    window="a SKU is unique, but a late call writes the same product again, disabled and with the price that it was "
    "made with, until it is told again",
)
UPDATE_PRODUCT = Operation(
    name="update_product",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="older values, from when a call without an answer takes effect after a newer one until it has settled: then "
    "the newest is written again; and a new product, if somebody deletes it between the look and the write",
)
ADD_PICTURE = Operation(
    name="add_picture",
    kind=OperationKind.CREATE_ONCE,
    lookup="the product's gallery by the hash in the file's name",
    window="the same picture twice, as with create_order",
)
ADD_VARIANT_OPTION = Operation(
    name="add_variant_option",
    kind=OperationKind.CREATE_ONCE,
    lookup="the product's options by their attribute",
    window="none: a product has each option once",
)
ADD_VARIANT = Operation(
    name="add_variant",
    kind=OperationKind.CREATE_ONCE,
    lookup="the product's variants by SKU",
    window="none: a product is a variant of another once, and a second call is refused",
)
ENABLE_PRODUCT = Operation(
    name="enable_product",
    kind=OperationKind.CREATE_ONCE,
    lookup="the product's status",
    window="enabled again, if a person disables it while a call without an answer is still under way",
)
SET_PRODUCT_ENABLED = Operation(
    name="set_product_enabled",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older state, as with update_product",
)
SET_BASE_PRICES = Operation(
    name="set_base_prices",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older price, from when a call without an answer takes effect after a newer one until it has settled: "
    "then the newest is written again",
)
SET_SPECIAL_PRICES = Operation(
    name="set_special_prices",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="an older price, as with set_base_prices; and no special price for a moment, where an old bound has to go",
)
DELETE_SPECIAL_PRICES = Operation(
    name="delete_special_prices",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="a newer price that a late call takes away, until that has settled: then it is written again",
)
SET_TIER_PRICES = Operation(
    name="set_tier_prices",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="older prices, as with set_base_prices",
)
SET_GIFT_CARD_BALANCE = Operation(
    name="set_gift_card_balance",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="a balance that somebody changes between the look and the write is lost: the store compares nothing",
)

POST_EVENT = Operation(
    name="post_event",
    kind=OperationKind.SET_STATE,
    lookup=None,
    window="the same event twice, under the same webhook-id, by which the receiver knows it",
)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        CREATE_ORDER,
        ADD_COMMENT,
        SET_EXTERNAL_NUMBER,
        SET_ORDER_STATUS,
        NOTIFY_CUSTOMER,
        WRITE_SOURCE_ITEMS,
        CANCEL_ORDER,
        FULFIL_ORDER,
        SET_ORDER_ADDRESSES,
        SET_ORDER_CUSTOMER,
        APPEND_SHIPMENT,
        APPEND_REFUND,
        CREATE_PAYMENT,
        CREATE_CUSTOMER,
        UPDATE_CUSTOMER,
        HOLD_GIFT_CARD,
        COMMIT_GIFT_CARD,
        RELEASE_GIFT_CARD,
        CREDIT_GIFT_CARD,
        CANCEL_WEB_ORDER,
        HOLD_WEB_ORDER,
        UNHOLD_WEB_ORDER,
        SHIP_ORDER,
        ADD_TRACK,
        READY_FOR_PICKUP,
        INVOICE_ORDER,
        REFUND_OFFLINE,
        REFUND_ONLINE,
        RECORD_TICKET,
        CREATE_ACCOUNT,
        UPDATE_ACCOUNT,
        CREATE_PRODUCT,
        UPDATE_PRODUCT,
        ADD_PICTURE,
        ADD_VARIANT_OPTION,
        ADD_VARIANT,
        ENABLE_PRODUCT,
        SET_PRODUCT_ENABLED,
        SET_BASE_PRICES,
        SET_SPECIAL_PRICES,
        DELETE_SPECIAL_PRICES,
        SET_TIER_PRICES,
        SET_GIFT_CARD_BALANCE,
        POST_EVENT,
    )
}
"""By name, everything that a flow document may name."""

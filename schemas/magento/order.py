"""Orders: ``GET /V1/orders/:id``, ``GET /V1/orders``, ``GET /V1/orders/:id/comments``."""

from __future__ import annotations

from decimal import Decimal

from schemas.wire import Amount, Wire


class OrderAddress(Wire):
    """Billing address, or the shipping address inside a shipping assignment."""

    firstname: str = ""
    lastname: str = ""
    company: str = ""
    street: tuple[str, ...] = ()
    city: str = ""
    region: str = ""
    region_code: str = ""
    postcode: str = ""
    country_id: str = ""
    telephone: str = ""
    email: str = ""


class ItemizedTax(Wire):
    """One rate's share of a row's tax; code and percent are in the order's applied taxes."""

    tax_code: str = ""
    tax_percent: Amount = Decimal(0)
    amount: Amount = Decimal(0)
    base_amount: Amount = Decimal(0)


class OrderItemExtension(Wire):
    """``extension_attributes`` of a row."""

    itemized_taxes: tuple[ItemizedTax, ...] = ()


class OrderItem(Wire):
    """One row. A configurable is two rows, parent and child with the same SKU; the parent holds the amounts.

    ``row_total`` comes net of discount over REST, so it is not read: price, quantity and discount are.
    """

    item_id: str
    parent_item_id: str = ""
    product_id: str = ""
    product_type: str = ""
    sku: str
    name: str = ""
    is_virtual: bool = False
    qty_ordered: Amount
    qty_invoiced: Amount = Decimal(0)
    qty_shipped: Amount = Decimal(0)
    qty_refunded: Amount = Decimal(0)
    qty_canceled: Amount = Decimal(0)
    base_price: Amount = Decimal(0)
    base_price_incl_tax: Amount = Decimal(0)
    base_discount_amount: Amount = Decimal(0)
    base_tax_amount: Amount = Decimal(0)
    base_discount_tax_compensation_amount: Amount = Decimal(0)
    base_weee_tax_applied_row_amnt: Amount = Decimal(0)
    extension_attributes: OrderItemExtension = OrderItemExtension()


class Payment(Wire):
    """How the order is paid. ``cc_last4`` is all of a card number that is ever read."""

    method: str = ""
    base_amount_ordered: Amount = Decimal(0)
    base_amount_paid: Amount = Decimal(0)
    base_amount_authorized: Amount = Decimal(0)
    last_trans_id: str = ""
    cc_type: str = ""
    cc_last4: str = ""


class ShippingDetail(Wire):
    """Where and how one assignment goes; a virtual order's has neither."""

    address: OrderAddress | None = None
    method: str = ""


class ShippingAssignment(Wire):
    """It repeats the items, which are not read here."""

    shipping: ShippingDetail = ShippingDetail()


class GiftCard(Wire):
    """A gift card used on an order (Adobe Commerce). The code is money: it is not read."""

    id: str = ""
    amount: Amount = Decimal(0)
    base_amount: Amount = Decimal(0)


class AppliedTax(Wire):
    """One rate over the whole order."""

    code: str = ""
    title: str = ""
    percent: Amount = Decimal(0)
    amount: Amount = Decimal(0)
    base_amount: Amount = Decimal(0)


class OrderExtension(Wire):
    """``extension_attributes`` of an order."""

    shipping_assignments: tuple[ShippingAssignment, ...] = ()
    applied_taxes: tuple[AppliedTax, ...] = ()
    pickup_location_code: str = ""
    gift_cards: tuple[GiftCard, ...] = ()
    base_gift_cards_amount: Amount = Decimal(0)
    base_customer_balance_amount: Amount = Decimal(0)
    base_reward_currency_amount: Amount = Decimal(0)


class Order(Wire):
    """An order. ``state`` drives logic, ``status`` codes are a merchant's own. Times are UTC without a zone.

    ``base_total_due`` does not fall on a cancel: what is still open is due less canceled.
    """

    entity_id: str
    increment_id: str
    store_id: int = 0
    state: str = ""
    status: str = ""
    ext_order_id: str = ""
    created_at: str
    updated_at: str
    base_currency_code: str = ""
    order_currency_code: str = ""
    base_grand_total: Amount
    base_subtotal: Amount = Decimal(0)
    base_tax_amount: Amount = Decimal(0)
    base_discount_amount: Amount = Decimal(0)
    base_shipping_amount: Amount = Decimal(0)
    base_shipping_tax_amount: Amount = Decimal(0)
    base_shipping_discount_amount: Amount = Decimal(0)
    base_total_paid: Amount = Decimal(0)
    base_total_due: Amount = Decimal(0)
    base_total_canceled: Amount = Decimal(0)
    base_total_refunded: Amount = Decimal(0)
    customer_is_guest: bool = False
    customer_id: str = ""
    customer_email: str = ""
    customer_firstname: str = ""
    customer_lastname: str = ""
    shipping_description: str = ""
    relation_parent_real_id: str = ""
    items: tuple[OrderItem, ...]
    billing_address: OrderAddress = OrderAddress()
    payment: Payment = Payment()
    extension_attributes: OrderExtension = OrderExtension()


class OrderHead(Wire):
    """What an order is known by."""

    entity_id: str
    increment_id: str
    ext_order_id: str = ""
    base_grand_total: Amount
    base_currency_code: str = ""


class SavedOrder(Wire):
    """The answer to ``POST /V1/orders``, whose amounts are null or 0, whatever was saved."""

    entity_id: str


class OrderState(Wire):
    """An order trimmed to ``fields=state,status``."""

    state: str = ""
    status: str = ""


class Comment(Wire):
    """One row of an order's history."""

    entity_id: str = ""
    comment: str = ""
    status: str = ""
    created_at: str = ""
    is_customer_notified: bool = False
    is_visible_on_front: bool = False

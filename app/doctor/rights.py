"""Which of Magento's ACL resources the flows need, and where a read shows that one is there. Pure.

The resources of each route are those of its webapi.xml (Magento Open Source 2.4.4; newer inventory modules split some).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.documents import FlowDocument, Mode

ORDERS, STORE, SOURCE = "Magento_Sales::actions_view", "Magento_Backend::store", "Magento_InventoryApi::source"
PRODUCTS, CATALOG = "Magento_Catalog::products", "Magento_Catalog::catalog"
STOCK_ITEMS, GIFT_CARDS = "Magento_Catalog::catalog_inventory", "Magento_GiftCardAccount::giftcardaccount"
CUSTOMERS, MANAGE = "Magento_Customer::customer", "Magento_Customer::manage"
INVOICES, SHIPMENTS = "Magento_Sales::sales_invoice", "Magento_Sales::shipment"
CREDIT_MEMOS, TRANSACTIONS = "Magento_Sales::sales_creditmemo", "Magento_Sales::transactions_fetch"
STOCKS, LINKS = "Magento_InventoryApi::stock", "Magento_InventoryApi::stock_source_link"
ATTRIBUTES = "Magento_Catalog::attributes_attributes"

SHOWN_BY: Mapping[str, str] = {
    STORE: "/V1/store/websites",
    ORDERS: "/V1/orders",
    INVOICES: "/V1/invoices",
    SHIPMENTS: "/V1/shipments",
    CREDIT_MEMOS: "/V1/creditmemos",
    TRANSACTIONS: "/V1/transactions",
    CUSTOMERS: "/V1/customers/search",
    PRODUCTS: "/V1/products",
    SOURCE: "/V1/inventory/source-items",
    STOCKS: "/V1/inventory/stocks",
    LINKS: "/V1/inventory/stock-source-links",
    GIFT_CARDS: "/V1/giftcardaccounts",
}
"""A list whose reading needs that resource and changes nothing. Others are only needed by writes: Magento tells those
rights to nobody but who writes."""

_READ: Mapping[str, tuple[str, ...]] = {
    "order": (ORDERS,),
    "invoice": (INVOICES, ORDERS),
    "shipment": (SHIPMENTS, ORDERS),
    "credit_memo": (CREDIT_MEMOS, ORDERS),
    "transaction": (TRANSACTIONS, ORDERS),
    "customer": (CUSTOMERS,),
}
"""By the entity that a flow takes of Magento."""

_PRICES = (PRODUCTS, CATALOG)
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "set_external_number": ("Magento_Sales::create", ORDERS),
    "record_ticket": ("Magento_Sales::create", ORDERS),
    "add_comment": ("Magento_Sales::comment", ORDERS),
    "notify_customer": ("Magento_Sales::comment", ORDERS),
    "set_order_status": ("Magento_Sales::comment", ORDERS),
    "cancel_web_order": ("Magento_Sales::cancel", ORDERS),
    "hold_web_order": ("Magento_Sales::hold", ORDERS),
    "unhold_web_order": ("Magento_Sales::unhold", ORDERS),
    "invoice_order": ("Magento_Sales::invoice", INVOICES),
    "ship_order": ("Magento_Sales::ship", SHIPMENTS, ORDERS),
    "add_track": (SHIPMENTS,),
    "ready_for_pickup": ("Magento_InventoryInStorePickupApi::notify_orders_are_ready_for_pickup", SHIPMENTS),
    "refund_offline": ("Magento_Sales::creditmemo", CREDIT_MEMOS, ORDERS),
    "refund_online": (INVOICES, CREDIT_MEMOS, ORDERS),
    "create_account": (CUSTOMERS,),
    "update_account": (CUSTOMERS, MANAGE),
    "create_product": (PRODUCTS, "Magento_Catalog::sets", "Magento_Tax::manage_tax"),
    "update_product": (PRODUCTS,),
    "enable_product": (PRODUCTS,),
    "set_product_enabled": (PRODUCTS,),
    "set_base_prices": _PRICES,
    "set_special_prices": _PRICES,
    "delete_special_prices": _PRICES,
    "set_tier_prices": _PRICES,
    "add_picture": _PRICES,
    "add_variant_option": (PRODUCTS, ATTRIBUTES),
    "add_variant": (PRODUCTS, ATTRIBUTES),
    "set_gift_card_balance": (GIFT_CARDS,),
}
"""By operation; one that is not named here is not Magento's, or depends on the settings."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What flows need of a Magento.

    Attributes:
        flows: the flows that need it, by resource.
    """

    flows: Mapping[str, tuple[str, ...]]

    @property
    def readable(self) -> list[str]:
        """Resources that a read shows."""
        return sorted(resource for resource in self.flows if resource in SHOWN_BY)

    @property
    def unseen(self) -> list[str]:
        """Resources that only a write would show."""
        return sorted(resource for resource in self.flows if resource not in SHOWN_BY)


def needs_of(flows: Iterable[FlowDocument], *, legacy: bool = False, accounts: bool = False) -> Needs:
    """What the flows that are not off need.

    Args:
        flows: all of them.
        legacy: whether stock is kept in stock items.
        accounts: whether gift card accounts have routes.
    """
    found: dict[str, list[str]] = {STORE: [], ORDERS: []}
    for flow in flows:
        if flow.mode is not Mode.OFF:
            for resource in _resources(flow, legacy=legacy, accounts=accounts):
                found.setdefault(resource, []).append(flow.id)
    return Needs({resource: tuple(dict.fromkeys(ids)) for resource, ids in found.items()})


def _resources(flow: FlowDocument, *, legacy: bool, accounts: bool) -> Iterable[str]:
    if flow.normalize is not None and flow.normalize.source.system == "magento":
        yield from _READ.get(flow.normalize.source.entity, ())
    if flow.deliver.target != "magento":
        return
    for operation in flow.deliver.operations:
        if operation == "write_source_items":
            yield from (PRODUCTS, STOCK_ITEMS) if legacy else (PRODUCTS, SOURCE, STOCKS, LINKS)
        elif operation != "set_gift_card_balance" or accounts:
            yield from _WRITTEN.get(operation, ())

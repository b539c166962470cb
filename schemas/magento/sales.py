"""What is made of an order: shipments, invoices and credit memos, as their single and list routes show them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from schemas.wire import Amount, Wire


class Piece(Wire):
    """A row of any of the three: so many pieces of one row of the order."""

    order_item_id: str
    qty: Amount = Decimal(0)


class Remark(Wire):
    """A comment on any of the three."""

    comment: str = ""


class OrderDocument(Wire):
    """What the three have in common."""

    entity_id: str
    order_id: str
    increment_id: str = ""
    items: tuple[Piece, ...]
    comments: tuple[Remark, ...] = ()

    @property
    def units(self) -> Mapping[str, Decimal]:
        """Pieces by the id of the order's row."""
        return {piece.order_item_id: piece.qty for piece in self.items}

    def carries(self, marker: str) -> bool:
        """Whether it is the one that was made with that marker."""
        return any(marker in remark.comment for remark in self.comments)


class Track(Wire):
    """A parcel of a shipment."""

    entity_id: str = ""
    track_number: str = ""
    title: str = ""
    carrier_code: str = ""


class ShipmentExtension(Wire):
    """``extension_attributes`` of a shipment."""

    source_code: str = ""


class Shipment(OrderDocument):
    """``GET /V1/shipment/:id``."""

    tracks: tuple[Track, ...] = ()
    extension_attributes: ShipmentExtension = ShipmentExtension()

    def carries(self, marker: str) -> bool:
        """Also one whose parcel has that number: a person may have shipped it by hand."""
        return super().carries(marker) or any(track.track_number == marker for track in self.tracks)


class Invoice(OrderDocument):
    """``GET /V1/invoices/:id``. State 1 is open, 2 paid, 3 canceled."""

    state: int = 0
    base_grand_total: Amount
    base_currency_code: str = ""
    transaction_id: str = ""


class Prepaid(Wire):
    """``extension_attributes`` of a credit memo (Adobe Commerce): what is not in its total."""

    base_gift_cards_amount: Amount = Decimal(0)
    base_customer_balance_amount: Amount = Decimal(0)
    base_reward_currency_amount: Amount = Decimal(0)


class CreditMemo(OrderDocument):
    """``GET /V1/creditmemo/:id``. State 1 is open, 2 refunded, 3 canceled. One of an amount alone has no items."""

    state: int = 0
    base_grand_total: Amount
    base_shipping_amount: Amount = Decimal(0)
    base_adjustment: Amount = Decimal(0)
    base_currency_code: str = ""
    invoice_id: str = ""
    transaction_id: str = ""
    extension_attributes: Prepaid = Prepaid()


class PickupResult(Wire):
    """``POST /V1/order/notify-orders-are-ready-for-pickup``. Each error is JSON in a string."""

    successful: bool
    errors: tuple[str, ...] = ()

"""The payment methods that shoppers may choose."""

from __future__ import annotations

CARD = "sandbox_card"
"""Stands for any card method of a gateway that takes the money while the order is placed."""
AUTHORISED_CARD = "sandbox_card_authorised"
"""Stands for one that only reserves it: it is taken by an invoice with ``capture``."""
FREE = "free"
"""The method where nothing is left to pay."""

PAYMENT_TITLES = {
    "checkmo": "Check / Money order",
    "banktransfer": "Bank Transfer Payment",
    "cashondelivery": "Cash On Delivery",
    CARD: "Sandbox Card",
    AUTHORISED_CARD: "Sandbox Card, Authorised",
    FREE: "No Payment Information Required",
}
GATEWAY = frozenset({CARD, AUTHORISED_CARD})
"""Methods whose money goes through a gateway, which leaves transactions."""
PAID_AT_ONCE = frozenset({CARD, FREE})
"""Methods that take the money while the order is placed: it lands in processing, with its invoice."""

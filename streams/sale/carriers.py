"""Carriers by the codes that Magento knows them under."""

from __future__ import annotations

CODES = ("ups", "usps", "fedex", "dhl")
"""Of the carriers that every Magento has; all others are ``custom``, told by their title."""


def carrier_code(name: object) -> str:
    """Magento's code of a carrier that a person has named: ``UPS Ground`` is ``ups``."""
    words = str(name or "").lower().replace("-", " ").split()
    return next((code for code in CODES if code in words), "custom")

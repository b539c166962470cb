"""Inventory: stock hints become one canonical stock per SKU."""

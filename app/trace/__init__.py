"""`tillstream trace`: the whole story of an order, a SKU or a receipt."""

from app.trace.command import show

__all__ = ["show"]

"""Heartland's wire models: what is read of the ``/v1`` API's answers (`openapi.yaml` beside this), nothing else."""

from schemas.heartland.access import Token, TokenError
from schemas.heartland.error import ErrorBody
from schemas.heartland.inventory import InventoryLevel
from schemas.heartland.order import Order
from schemas.heartland.page import Page

__all__ = ["ErrorBody", "InventoryLevel", "Order", "Page", "Token", "TokenError"]

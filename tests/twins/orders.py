"""A point of sale whose orders nobody changes after they were created."""

from __future__ import annotations

from collections.abc import Mapping

from streams.ports import SeenOrder


class OrdersNeverChanged:
    """Implements `streams.ports.PosOrders`."""

    async def cancel_order(self, order_id: str) -> SeenOrder:
        raise AssertionError(f"order {order_id} is cancelled")

    async def fulfil_order(self, order_id: str) -> SeenOrder:
        raise AssertionError(f"order {order_id} is fulfilled")

    async def set_order_addresses(self, order_id: str, document: Mapping[str, object]) -> SeenOrder:
        raise AssertionError(f"order {order_id} gets {document}")

    async def set_order_customer(self, order_id: str, customer_id: str) -> SeenOrder:
        raise AssertionError(f"order {order_id} is given to {customer_id}")

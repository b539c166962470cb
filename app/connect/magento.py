"""What a Magento must have for us, and how a person makes what no route of Magento makes."""

from __future__ import annotations

from collections.abc import Collection

from app.connect.done import Did, Done
from app.magento.customers import MagentoCustomers

LOYALTY = "loyalty_points"
"""Code of the customer attribute that shows the points of the point of sale."""

HOW = (
    f"Magento's REST API makes no customer attribute. Make '{LOYALTY}' (text field, not visible on the storefront's "
    "forms, so that customers cannot change it): in Adobe Commerce under Stores > Attributes > Customer, in Open "
    "Source by a module's data patch. Without it points are not shown; nothing else depends on it"
)


async def connect_magento(name: str, customers: MagentoCustomers, sources: Collection[tuple[str, str]]) -> list[Done]:
    """Look for the attribute, if a flow takes customers: else the integration needs no right to see them.

    Args:
        name: of the connection.
        customers: the connector.
        sources: system and entity of every flow.

    Raises:
        TillstreamError: as the connector's calls do.
    """
    item = f"customer attribute {LOYALTY}"
    if ("magento", "customer") not in sources:
        return [Done(name, item, Did.LEFT, "no flow takes customers, so nothing shows their points")]
    if await customers.has_attribute(LOYALTY):
        return [Done(name, item, Did.KEPT, "it is there")]
    return [Done(name, item, Did.LEFT, f"it is not there. {HOW}")]

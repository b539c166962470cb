"""Operations of the bulk API. Nothing here queues one; what another program has queued waits while consumers stand."""

from __future__ import annotations

from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.switches import Switch, is_on

OPEN = 4
LEFT_BEHIND: Json = {
    "id": 1,
    "bulk_uuid": "5a12c1bd-a8b5-41d4-8c00-3f5bcaa6d3c7",
    "topic_name": "async.magento.catalog.api.productrepositoryinterface.save.post",
    "status": OPEN,
    "result_message": None,
    "error_code": None,
}


def list_operations(shop: Shop, call: Call) -> Json:
    """GET /V1/bulk: one product import that no consumer takes, if they stand."""
    stand = is_on(shop.connection, Switch.CONSUMERS_STAND)
    return list_documents(shop, call, [LEFT_BEHIND] if stand else [])


ROUTES = (Route("GET", "/V1/bulk", "Magento_Logging::system_magento_logging_bulk_operations", list_operations),)

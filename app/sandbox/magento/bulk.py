"""Operations of the bulk API: one product import of another program, which waits while consumers stand."""

from __future__ import annotations

from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.switches import Switch, is_on

COMPLETE, OPEN = 1, 4
IMPORT: Json = {
    "id": 1,
    "bulk_uuid": "5a12c1bd-a8b5-41d4-8c00-3f5bcaa6d3c7",
    "topic_name": "async.magento.catalog.api.productrepositoryinterface.save.post",
    "result_message": None,
    "error_code": None,
}


def list_operations(shop: Shop, call: Call) -> Json:
    """GET /V1/bulk."""
    status = OPEN if is_on(shop.connection, Switch.CONSUMERS_STAND) else COMPLETE
    return list_documents(shop, call, [IMPORT | {"status": status}])


ROUTES = (Route("GET", "/V1/bulk", "Magento_Logging::system_magento_logging_bulk_operations", list_operations),)

"""Makes routes.json: of Magento's routes and data interfaces, those that the connector uses.

    python tests/data/magento/trim.py ROUTES INTERFACES

ROUTES lists every REST route of Magento 2 with the right it needs and the parameters of its body (webapi.xml of 2.4.4
and the OpenAPI documents up to 2.4.9); INTERFACES the fields of the data interfaces (getters of 2.4.4, OpenAPI 2.4.9).
A new call of the connector is added to USED, and the script is run again.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

USED = [
    "GET /V1/orders",
    "GET /V1/orders/:id",
    "POST /V1/orders",
    "GET /V1/orders/:id/comments",
    "POST /V1/orders/:id/comments",
    "POST /V1/orders/:id/cancel",
    "POST /V1/orders/:id/hold",
    "POST /V1/orders/:id/unhold",
    "POST /V1/order/:orderId/ship",
    "POST /V1/order/:orderId/invoice",
    "POST /V1/order/:orderId/refund",
    "POST /V1/order/notify-orders-are-ready-for-pickup",
    "GET /V1/shipments",
    "GET /V1/shipment/:id",
    "POST /V1/shipment/track",
    "GET /V1/invoices",
    "GET /V1/invoices/:id",
    "POST /V1/invoice/:invoiceId/refund",
    "GET /V1/creditmemos",
    "GET /V1/creditmemo/:id",
    "GET /V1/transactions",
    "GET /V1/transactions/:id",
    "GET /V1/customers/search",
    "GET /V1/customers/:customerId",
    "POST /V1/customers",
    "PUT /V1/customers/:customerId",
    "GET /V1/attributeMetadata/customer/attribute/:attributeCode",
    "GET /V1/directory/countries/:countryId",
    "GET /V1/products",
    "POST /V1/products",
    "POST /V1/products/:sku/media",
    "GET /V1/configurable-products/:sku/children",
    "POST /V1/configurable-products/:sku/child",
    "POST /V1/configurable-products/:sku/options",
    "GET /V1/products/attributes/:attributeCode",
    "POST /V1/products/base-prices",
    "POST /V1/products/base-prices-information",
    "POST /V1/products/special-price",
    "POST /V1/products/special-price-information",
    "POST /V1/products/special-price-delete",
    "PUT /V1/products/tier-prices",
    "POST /V1/products/tier-prices-information",
    "GET /V1/products/attributes/:attributeCode/options",
    "GET /V1/products/attribute-sets/sets/list",
    "GET /V1/taxClasses/search",
    "GET /V1/stockItems/:productSku",
    "PUT /V1/products/:productSku/stockItems/:itemId",
    "GET /V1/inventory/source-items",
    "POST /V1/inventory/source-items",
    "GET /V1/inventory/sources",
    "GET /V1/inventory/sources/:sourceCode",
    "GET /V1/inventory/stocks",
    "GET /V1/inventory/stock-source-links",
    "GET /V1/store/storeConfigs",
    "GET /V1/store/websites",
    "GET /V1/bulk",
]

NESTED = {
    "Address",
    "Region",
    "Attribute",
    "CustomerExtension",
    "OrderAddress",
    "OrderItem",
    "OrderPayment",
    "ProductExtension",
}
"""Shapes inside others that are sent, beside those of creation arguments; all else inside a shape is left out."""

ELSEWHERE = {
    "ImageContent": {"base64_encoded_data": "string", "type": "string", "name": "string"},
    "ConfigurableOption": {
        "attribute_id": "string",
        "label": "string",
        "position": "integer",
        "is_use_default": "boolean",
        "values": "array<ConfigurableOptionValue>",
    },
    "ConfigurableOptionValue": {"value_index": "integer"},
    "StockItem": {"is_in_stock": "boolean"},
}
"""Shapes that INTERFACES lacks or has not in full, from Magento's source (Api/Data of the framework, of configurable
products and of inventory) as far as they are sent."""
ELSEWHERE_BY_DEFINITION = {"configurable-product-data-option-interface": "ConfigurableOption"}

WHOLE = ("Creation", "OrderStatusHistory", "BasePrice", "TierPrice")
"""Shapes of which Magento wants every required field. It keeps what is left out of the others."""

SCALARS = {"string", "integer", "number", "boolean"}


def short(name: str) -> str:
    """``Magento\\Sales\\Api\\Data\\OrderInterface`` is ``Order``."""
    return name.rsplit("\\", 1)[-1].removesuffix("Interface")


class Trimmer:
    """Collects the routes, and every shape that a body of theirs names."""

    def __init__(self, routes: list[dict[str, Any]], interfaces: dict[str, Any]) -> None:
        self.routes = {(row["method"], row["url"]): row for row in routes}
        self.by_definition = {one["openapi_definition"]: (short(name), one) for name, one in interfaces.items()}
        data = {short(name): one for name, one in interfaces.items() if "\\Quote\\" not in name}
        self.by_name = data
        self.shapes: dict[str, dict[str, str]] = {}
        self.required: dict[str, list[str]] = {}

    def route(self, line: str) -> dict[str, Any]:
        """One line of the file."""
        method, url = line.split()
        row = self.routes[method, url]
        found: dict[str, Any] = {"method": method, "path": url, "resource": row["resources"][0]}
        if row.get("search"):
            found["search"] = True
        if row.get("body"):
            found["body"] = {name: self.parameter(kind) for name, kind in row["body"].items()}
        return found

    def parameter(self, kind: str) -> str:
        """A parameter's type, its definition by its short name."""
        return re.sub(r"[a-z0-9]+(-[a-z0-9]+)+", lambda found: self.definition(found[0]), kind)

    def definition(self, name: str) -> str:
        """The short name of a definition, whose shape is kept."""
        if name in ELSEWHERE_BY_DEFINITION:
            self.shapes |= {shape: ELSEWHERE[shape] for shape in ("ConfigurableOption", "ConfigurableOptionValue")}
            return ELSEWHERE_BY_DEFINITION[name]
        found, interface = self.by_definition[name]
        self.shape(found, interface)
        return found

    def shape(self, name: str, interface: dict[str, Any]) -> None:
        """Keep a shape and those inside it."""
        if name in self.shapes:
            return
        fields = {field["name"]: field["type"] for field in interface["fields"]}
        extension = {field["name"]: field["type"] for field in interface.get("extension_attributes") or ()}
        self.shapes[name] = kept = {}
        for field, kind in fields.items():
            inner = short(re.sub(r"array<(.*)>", r"\1", kind))
            if inner in SCALARS:
                kept[field] = kind
            elif field == "extension_attributes" and extension:
                kept[field] = f"{name}Extension"
                flat = {key: one for key, one in extension.items() if re.sub(r"array<(.*)>", r"\1", one) in SCALARS}
                if "stock_item" in extension and name == "Product":
                    flat["stock_item"] = "StockItem"
                    self.shapes["StockItem"] = ELSEWHERE["StockItem"]
                self.shapes[f"{name}Extension"] = flat
            elif inner in ELSEWHERE:
                kept[field] = kind.replace("Interface", "")
                self.shapes[inner] = ELSEWHERE[inner]
            elif inner in NESTED:
                kept[field] = kind.replace("Interface", "")
                self.shape(inner, self.by_name[inner])
        if any(part in name for part in WHOLE):
            self.required[name] = [field["name"] for field in interface["fields"] if field["required"]]


def main(routes: str, interfaces: str) -> None:
    """Write routes.json beside this file."""
    trimmer = Trimmer(
        json.loads(Path(routes).read_text("utf-8"))["routes"],
        json.loads(Path(interfaces).read_text("utf-8"))["interfaces"],
    )
    lines = [json.dumps(trimmer.route(line)) for line in USED]
    shapes = [f"{json.dumps(name)}: {json.dumps(trimmer.shapes[name])}" for name in sorted(trimmer.shapes)]
    required = json.dumps({name: trimmer.required[name] for name in sorted(trimmer.required) if trimmer.required[name]})
    text = (
        '{\n "routes": [\n  '
        + ",\n  ".join(lines)
        + f'\n ],\n "required": {required},\n "shapes": {{\n  '
        + ",\n  ".join(shapes)
        + "\n }\n}\n"
    )
    (Path(__file__).parent / "routes.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What the shop's owner does at the account itself: the API changes products, but has no call that makes one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.sandbox.catalogue import Product, ProductKind
from app.sandbox.database import Database
from app.sandbox.heartland.account import Account, Call
from app.sandbox.heartland.inventory import tell_level
from app.sandbox.heartland.products import insert_product
from app.sandbox.mutations import log_mutation

GOODS_PATH = "/_goods"
"""Beside the API, like the fault panel: no token, no contract."""


class NewItem(BaseModel):
    """Body of ``POST /_goods``. Stock is units on hand by location; a location left out has none."""

    model_config = ConfigDict(extra="forbid")

    SKU: str = Field(min_length=1, max_length=64)
    Name: str = Field(min_length=1, max_length=255)
    Price: Decimal = Field(ge=0, max_digits=12, decimal_places=2)
    Stock: dict[str, int] = Field(default_factory=dict)


def back_office_route(database: Database, account: Account) -> web.RouteDef:
    """``POST /_goods``: 201 and nothing else, 400 for a bad item, 409 for a SKU that is there."""

    async def create_product(request: web.Request) -> web.Response:
        content = await request.read()
        try:
            item = NewItem.model_validate_json(content)
        except ValidationError as error:
            return _refused(400, str(error))
        unknown = sorted(set(item.Stock) - set(account.locations))
        if unknown:
            return _refused(400, f"unknown location {', '.join(unknown)}")
        if account.one("SELECT 1 FROM products WHERE sku = ?", item.SKU) is not None:
            return _refused(409, f"SKU '{item.SKU}' is there already")
        with database.transaction() as connection:
            _insert(account, item)
            log_mutation(
                connection,
                method=request.method,
                path=request.path,
                operation=create_product.__name__,
                resource_key=item.SKU,
                status=201,
                body=content,
            )
        return web.Response(status=201)

    return web.post(GOODS_PATH, create_product)


def _insert(account: Account, item: NewItem) -> None:
    call = Call({}, now=account.tick(), resource_key=item.SKU)
    product = Product(item.SKU, item.Name, item.Price, ProductKind.SIMPLE, stock=item.Stock)
    insert_product(account, product, call.now)
    for location in account.locations:
        tell_level(account, call, item.SKU, location)


def _refused(status: int, message: str) -> web.Response:
    body: dict[str, Any] = {"message": f"The item was not added: {message}"}
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

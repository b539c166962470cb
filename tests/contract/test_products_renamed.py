"""A product that has another SKU in the point of sale than it had: one article, and never two in the web store."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import AliasMissing
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem

D = Decimal
ITEM = {"ExternalID": "item-7"}


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def known(pipe: Pipe) -> None:
    """The web store sells the article, which has an id of its own in Heartland."""
    await pipe.pos.client.change("PUT", "till", pipe.pos.sku, f"/v1/products/{pipe.pos.sku}", ITEM)
    await pipe.changed("pos", "product", pipe.pos.sku)
    assert pipe.failed == []


async def called(pipe: Pipe, sku: str, **more: object) -> list[str]:
    """What is done when Heartland tells that article under that SKU."""
    found = await pipe.pos.connector.reader.read("product", pipe.pos.sku)
    assert found is not None
    body = {**orjson.loads(found), "SKU": sku, "UpdatedAt": "2030-01-01T00:00:00Z", **more}
    return delivered(await pipe.told_of("pos", "product", sku, body))


async def is_sold(pipe: Pipe, sku: str) -> bool:
    return await pipe.web.connector.products.product(sku) is not None


@pytest.mark.rule("products.sku_rename")
async def test_a_sku_that_was_renamed_waits_for_a_person_with_both_skus_and_what_to_do(pipe: Pipe) -> None:
    await known(pipe)
    assert await called(pipe, "RENAMED-1") == []
    (error,) = pipe.failed
    old = pipe.pos.sku
    assert isinstance(error, AliasMissing)
    assert f"item item-7 of pos is called 'RENAMED-1' now, and web sells it as '{old}'" in error.message
    assert f"tillstream alias '{old}' 'RENAMED-1' --channel main" in error.message
    assert error.waits_for == MissingLink(Ref("web", "sku", old), "pos")
    assert not await is_sold(pipe, "RENAMED-1")
    await pipe.store.links.insert(Ref("web", "sku", old), Ref("pos", "sku", "RENAMED-1"))  # the command
    (shown,) = await pipe.web.connector.prices.base_prices([old])
    price = float(round(shown.amount * D("1.1"), 2))
    assert await called(pipe, "RENAMED-1", Price=price) == [f"changed '{old}': set_base_prices"]
    assert pipe.failed == [error]
    assert not await is_sold(pipe, "RENAMED-1")


@pytest.mark.rule("products.sku_rename")
async def test_a_renamed_sku_that_has_an_alias_names_the_command_that_replaces_it(pipe: Pipe) -> None:
    old = pipe.pos.sku
    await pipe.store.links.insert(Ref("web", "sku", old), Ref("pos", "sku", "TILL-7"))
    await called(pipe, "TILL-7", **ITEM)
    await called(pipe, "TILL-8", **ITEM)
    (error,) = pipe.failed
    assert isinstance(error, AliasMissing)
    assert f"tillstream alias '{old}' 'TILL-8' --channel main --replace" in error.message
    assert error.waits_for == MissingLink(Ref("web", "sku", old), "pos", "pos:sku:TILL-7")


async def test_another_article_with_an_id_of_its_own_is_made(pipe: Pipe) -> None:
    await known(pipe)
    assert await called(pipe, "OTHER-1", ExternalID="item-8") == [
        "created 'OTHER-1', disabled until a person enables it"
    ]
    assert await called(pipe, "OTHER-2", ExternalID="item-8") == []
    assert [type(error) for error in pipe.failed] == [AliasMissing], "what Tillstream made is known by its id too"

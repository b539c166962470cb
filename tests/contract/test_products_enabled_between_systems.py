"""Who shows a new product to customers: a person, or the flow once the product is complete."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.documents.flow import Deliver
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.contract.test_products_between_systems import new_at_the_till, owning, product

TEXT = "  - {to: description, from: Text, default: ''}"
DISABLED = ["created 'NEW-1', disabled until a person enables it"]


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, tmp_path: Path) -> Pipe:
    return owning(web, pos, tmp_path / "flows", "price, active", TEXT, enable_if="description, price")


async def told(pipe: Pipe, at: int, sku: str = "NEW-1", **more: object) -> list[str]:
    body = await new_at_the_till(pipe, sku, **{"UpdatedAt": f"{at}-01-01T00:00:00Z", **more})
    return delivered(await pipe.told_of("pos", "product", sku, body))


async def is_enabled(pipe: Pipe, sku: str = "NEW-1") -> bool:
    return (await product(pipe, sku)).enabled


@pytest.mark.rule("products.enabling")
async def test_a_new_product_with_all_that_it_needs_is_enabled_as_it_is_made(pipe: Pipe) -> None:
    assert await told(pipe, 2030, Text="A cap") == ["created 'NEW-1', complete and enabled"]
    assert await is_enabled(pipe)
    assert (await product(pipe, "NEW-1")).attributes["description"] == "A cap"


@pytest.mark.rule("products.enabling")
async def test_one_that_lacks_something_is_enabled_once_the_web_team_has_added_it_and_never_again(pipe: Pipe) -> None:
    assert await told(pipe, 2030) == DISABLED
    assert await told(pipe, 2031) == []
    assert await told(pipe, 2032, Price=0, sku="FREE-1", Text="For nothing")
    assert not await is_enabled(pipe, "FREE-1")
    await pipe.web.connector.products.update_product("NEW-1", {"description": "Written by the web team"})
    assert await told(pipe, 2033, Name="Newer") == ["changed 'NEW-1': enable_product"]
    assert await is_enabled(pipe)
    await pipe.web.connector.products.set_product_enabled("NEW-1", enabled=False)
    assert await told(pipe, 2034, Name="Newest") == []
    assert not await is_enabled(pipe), "a person has disabled it"
    assert pipe.failed == []


@pytest.mark.rule("products.enabling")
async def test_what_the_web_team_made_is_never_enabled_by_the_flow(pipe: Pipe) -> None:
    await pipe.web.connector.products.update_product(pipe.web.sku, {"description": "Written by the web team"})
    await pipe.web.connector.products.set_product_enabled(pipe.web.sku, enabled=False)
    assert await told(pipe, 2030, sku=pipe.web.sku) in ([], [f"changed '{pipe.web.sku}': set_base_prices"])
    assert not await is_enabled(pipe, pipe.web.sku)


def test_a_flow_enables_only_if_it_owns_that() -> None:
    document = {
        "target": "magento",
        "topic": "t",
        "entity": "product",
        "mapping": "m",
        "operations": ["create_product"],
    }
    with pytest.raises(ValidationError, match="`enable_if` needs `active` in `owns`"):
        Deliver.model_validate({**document, "owns": ["price"], "enable_if": ["price"]})

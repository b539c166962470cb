"""Sizes and colours: an item of Heartland that is a variant becomes a choice of one product in the web store."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import Rejected
from streams.ports import Family
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.contract.test_products_between_systems import new_at_the_till, owning, product

SHADE = "137"
VARIANT = """
  - {to: variant.parent, from: Grid, when: Grid}
  - to: variant.options
    expression: "[{code: 'shade', value: Shade}]"
    when: Grid
"""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, tmp_path: Path) -> Pipe:
    return owning(web, pos, tmp_path / "flows", "price, variants", VARIANT)


async def told(pipe: Pipe, sku: str, shade: str, *, grid: str = "CAP-9", at: int = 2030) -> list[str]:
    body = await new_at_the_till(pipe, sku, Grid=grid, Shade=shade, UpdatedAt=f"{at}-01-01T00:00:00Z")
    return delivered(await pipe.told_of("pos", "product", sku, body))


async def family(pipe: Pipe, sku: str = "CAP-9") -> Family | None:
    return await pipe.web.connector.variants.family(sku)


async def test_variants_are_made_hidden_and_join_the_parent_that_the_first_of_them_makes(pipe: Pipe) -> None:
    for sku, shade in (("CAP-9-RED", "Red"), ("CAP-9-BLUE", "Blue")):
        assert await told(pipe, sku, shade) == [f"created '{sku}', disabled until a person enables it"]
    assert pipe.failed == []
    assert await family(pipe) == Family("configurable", frozenset({SHADE}), frozenset({"CAP-9-RED", "CAP-9-BLUE"}))
    assert pipe.web.faults.mutations("add_configurable_option") == [200], "options are sent once"
    parent, red = await product(pipe, "CAP-9"), await product(pipe, "CAP-9-RED")
    assert (parent.enabled, red.enabled) == (False, False)
    assert red.attributes["shade"] == (await pipe.web.connector.catalogue.attribute_options("shade"))["Red"]


@pytest.mark.rule("products.never_sent")
async def test_a_later_telling_sends_neither_options_nor_variants_again(pipe: Pipe) -> None:
    await told(pipe, "CAP-9-RED", "Red")
    before = len(pipe.web.faults.mutations("save_product"))
    assert await told(pipe, "CAP-9-RED", "Red", at=2031) == []
    assert pipe.failed == []
    assert pipe.web.faults.mutations("add_configurable_option") == [200]
    assert pipe.web.faults.mutations("add_child") == [200]
    assert len(pipe.web.faults.mutations("save_product")) == before


async def test_a_parent_of_the_web_team_gets_one_more_variant_and_keeps_its_others(pipe: Pipe) -> None:
    (theirs,) = [sku for sku in await pipe.web.connector.products.list_skus() if sku.startswith("CFG-")][:1]
    before = await family(pipe, theirs)
    assert before is not None
    assert await told(pipe, "CAP-NEW", "Green", grid=theirs)
    assert pipe.failed == []
    assert await family(pipe, theirs) == Family("configurable", before.options, before.children | {"CAP-NEW"})


async def test_a_shade_or_a_parent_that_cannot_be_waits_for_a_person_and_makes_nothing(pipe: Pipe) -> None:
    await told(pipe, "CAP-9-PLAID", "Plaid")
    await told(pipe, "CAP-9-RED", "Red", grid=pipe.web.sku)
    shade, parent = pipe.failed
    assert isinstance(shade, Rejected)
    assert "is 'Plaid', which web has not among the values of 'shade': add it there" in shade.message
    assert f"'CAP-9-RED' is a variant of '{pipe.web.sku}', which is a simple product" in parent.message
    for sku in ("CAP-9", "CAP-9-PLAID", "CAP-9-RED"):
        assert await pipe.web.connector.products.product(sku) is None

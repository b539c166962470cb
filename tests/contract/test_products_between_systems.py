"""Products and prices of the point of sale in the web store, through both whole connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import Guarded, OutcomeUnknown, Unavailable
from streams.ports import BasePrice, GuardKind, Outcome, Outgoing, SpecialPrice, Standing, WebTierPrice
from streams.ports.web_products import WebProduct
from tests.contract.pipe import CHANNEL, Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.kafka import MemoryPublisher

D = Decimal
CHICAGO = ZoneInfo("America/Chicago")

FLOW = """
kind: flow
id: product
version: 2
normalize:
  source: {{system: heartland, entity: product}}
  topic: canonical.product
  entity: product
  mapping: heartland.product.in
  aggregate: sku
  id: SKU
  number: SKU
  whole: [SKU, Name, Price, Currency, UpdatedAt]
deliver:
  target: magento
  topic: canonical.product
  entity: product
  mapping: magento.product.out
  operations: [create_product]
  owns: [{owns}]
"""
MAPPING = """
kind: mapping
id: heartland.product.in
version: 2
system: heartland
entity: product
direction: in
rules:
  - {{to: ref, expression: context('ref'), required: true}}
  - {{to: sku, from: SKU, required: true}}
  - {{to: name, from: Name, required: true}}
  - {{to: active, from: Active, default: true}}
  - {{to: updated_at, from: UpdatedAt, transform: utc, required: true}}
  - to: prices
    expression: "channel_prices(@)"
    each:
      - {{to: channel, from: channel}}
      - {{to: currency, from: currency}}
      - {{to: list_price, from: list_price}}
      - {{to: tax_included, from: tax_included}}
{more}
"""
SALE = """
      - {to: sale_price.amount, value: "7.50"}
      - {to: sale_price.starts_at, value: "2026-11-27T06:00:00Z"}
      - {to: sale_price.ends_at, value: "2026-12-01T05:59:59Z"}
"""
TIERS = """
      - {to: tiers, value: [{group: wholesale, quantity: "5", amount: "8.00"}, {quantity: "10", amount: "9.00"}]}
"""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


def owning(
    web: WebSystem,
    pos: PosSystem,
    directory: Path,
    owns: str,
    more: str = "",
    *,
    enable_if: str = "",
    **channel: object,
) -> Pipe:
    """The pipe of a shop whose flow owns that, and whose own mapping tells more of a price."""
    directory.mkdir(exist_ok=True)
    (directory / "flow.yaml").write_text(FLOW.format(owns=owns) + f"  enable_if: [{enable_if}]\n")
    (directory / "mapping.yaml").write_text(MAPPING.format(more=more))
    return Pipe(web, pos, directory, channel=CHANNEL.model_copy(update=channel))


async def at_the_till(pipe: Pipe, sku: str, **changes: object) -> None:
    """What a person changes of a product in Heartland."""
    await pipe.pos.client.change("PUT", "till", sku, f"/v1/products/{sku}", changes)


async def product(pipe: Pipe, sku: str) -> WebProduct:
    found = await pipe.web.connector.products.product(sku)
    assert found is not None
    return found


async def price(pipe: Pipe, sku: str) -> Decimal:
    (shown,) = await pipe.web.connector.prices.base_prices([sku])
    return shown.amount


async def started_at(pipe: Pipe, sku: str, amount: str) -> str:
    """The SKU costs that in both systems."""
    await at_the_till(pipe, sku, Price=float(amount))
    assert await pipe.web.connector.prices.set_base_prices([BasePrice(sku, D(amount))]) == ()
    return sku


# -- Guards --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("guards.price_jump")
async def test_a_price_file_with_a_slipped_decimal_changes_nothing_and_shows_a_person_why(pipe: Pipe) -> None:
    skus = [await started_at(pipe, f"SKU-{number:05}", "10.00") for number in range(2, 8)]
    for sku in skus:
        await at_the_till(pipe, sku, Price=100.0)
        await pipe.changed("pos", "product", sku)
    assert {await price(pipe, sku) for sku in skus} == {D("10.00")}
    assert [type(error) for error in pipe.failed] == [Guarded] * len(skus)
    (hold,) = await pipe.store.guards.open_holds()
    assert (hold.kind, hold.target, hold.held) == (GuardKind.PRICE_JUMPED, "web", len(skus))
    assert "SKU-00002 10 → 100" in pipe.failed[-1].message
    assert f"tillstream guards approve {hold.number} --reason WHY" in pipe.failed[-1].message


@pytest.mark.rule("guards.price_zero")
async def test_a_price_of_nothing_waits_and_an_approved_one_is_written(pipe: Pipe) -> None:
    sku = await started_at(pipe, pipe.pos.sku, "10.00")
    await at_the_till(pipe, sku, Price=0)
    await pipe.changed("pos", "product", sku)
    (hold,) = await pipe.store.guards.open_holds()
    assert await price(pipe, sku) == D("10.00")
    again = await pipe.changed("pos", "product", sku)
    assert [entry.outcome for entry in again][-1] is Outcome.SUPERSEDED
    await pipe.store.guards.decide(hold.number, approve=True, by="ann", reason="a gift")
    await pipe.changed("pos", "product", sku)
    assert await price(pipe, sku) == D(0)
    (listed,) = await pipe.store.guards.changes(hold.number)
    assert listed.standing is Standing.USED


@pytest.mark.rule("guards.mass_price_change")
async def test_more_than_one_in_twenty_prices_within_a_quarter_of_an_hour_wait_for_a_person(pipe: Pipe) -> None:
    allowed = await pipe.web.connector.products.count_products() // 20
    skus = [await started_at(pipe, f"SKU-{number:05}", "10.00") for number in range(2, allowed + 4)]
    for sku in skus:
        await at_the_till(pipe, sku, Price=11.0)
        await pipe.changed("pos", "product", sku)
    assert [await price(pipe, sku) for sku in skus] == [D("11.00")] * allowed + [D("10.00")] * (len(skus) - allowed)
    (hold,) = await pipe.store.guards.open_holds()
    assert (hold.kind, hold.allowed, hold.passed) == (GuardKind.PRICE_CHANGED, allowed, allowed)


@pytest.mark.rule("guards.mass_disable")
async def test_more_than_twenty_products_are_not_disabled_without_a_person(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "active")
    skus = [f"SKU-{number:05}" for number in range(10, 32)]
    for sku in skus:
        await web.connector.products.set_product_enabled(sku, enabled=True)
        await at_the_till(pipe, sku, Active=False)
        await pipe.changed("pos", "product", sku)
    assert [(await product(pipe, sku)).enabled for sku in skus] == [False] * 20 + [True] * 2
    (hold,) = await pipe.store.guards.open_holds()
    assert hold.kind is GuardKind.PRODUCT_DISABLED


# -- Prices --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("products.promotion_keeps_list_price")
@pytest.mark.rule("channels.time_zone")
async def test_a_sale_goes_by_the_channels_clock_and_leaves_the_list_price_alone(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price, sale_price", SALE, time_zone="America/Chicago")
    sku = await started_at(pipe, pos.sku, "10.00")
    assert delivered(await pipe.changed("pos", "product", sku)) == [f"changed '{sku}': set_special_prices"]
    assert pipe.failed == []
    (sale,) = await web.connector.prices.special_prices([sku], CHICAGO)
    begins, ends = datetime(2026, 11, 27, 6, tzinfo=UTC), datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC)
    assert sale == SpecialPrice(sku, D("7.50"), begins, ends)
    assert (await product(pipe, sku)).attributes["special_from_date"] == "2026-11-27 00:00:00"
    assert await price(pipe, sku) == D("10.00")
    (tmp_path / "flows" / "mapping.yaml").write_text(MAPPING.format(more=""))
    over = Pipe(web, pos, tmp_path / "flows", channel=pipe.channel)
    assert delivered(await over.changed("pos", "product", sku)) == [f"changed '{sku}': delete_special_prices"]
    assert await web.connector.prices.special_prices([sku], CHICAGO) == ()
    assert await price(pipe, sku) == D("10.00")


@pytest.mark.rule("products.price_ownership")
async def test_a_kind_of_price_that_the_flow_does_not_own_is_not_written(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price", SALE + TIERS)
    sku = await started_at(pipe, pos.sku, "10.00")
    theirs = SpecialPrice(sku, D("9.00"), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    await web.connector.prices.set_special_prices([theirs], ZoneInfo("UTC"))
    await at_the_till(pipe, sku, Price=11.0)
    assert delivered(await pipe.changed("pos", "product", sku)) == [f"changed '{sku}': set_base_prices"]
    assert await web.connector.prices.special_prices([sku], ZoneInfo("UTC")) == (theirs,)
    assert await web.connector.prices.tier_prices([sku]) == ()


@pytest.mark.rule("products.price_per_channel")
async def test_prices_of_groups_and_quantities_go_by_their_own_route(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price, tier_prices", TIERS)
    sku = await started_at(pipe, pos.sku, "10.00")
    assert delivered(await pipe.changed("pos", "product", sku)) == [f"changed '{sku}': set_tier_prices"]
    assert pipe.failed == []
    assert set(await web.connector.prices.tier_prices([sku])) == {
        WebTierPrice(sku, D(5), D("8.00"), "Wholesale"),
        WebTierPrice(sku, D(10), D("9.00")),
    }
    assert await price(pipe, sku) == D("10.00")


@pytest.mark.rule("products.tax_inclusive_rate")
@pytest.mark.rule("channels.tax_mode")
async def test_a_price_without_tax_is_shown_with_it_only_by_a_rate_that_is_set(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price", tax_mode="included")
    sku = await started_at(pipe, pos.sku, "10.00")
    await pipe.changed("pos", "product", sku)
    (error,) = pipe.failed
    assert "set channels.main.tax_rate" in error.message
    assert await price(pipe, sku) == D("10.00")
    pipe = owning(web, pos, tmp_path / "flows", "price", tax_mode="included", tax_rate=D("8.25"))
    await pipe.changed("pos", "product", sku)
    assert pipe.failed == []
    assert await price(pipe, sku) == D("10.83")


# -- What is made and what is left alone ---------------------------------------------------------------------------


async def new_at_the_till(pipe: Pipe, sku: str, **more: object) -> Mapping[str, object]:
    """A whole event about a product that only Heartland has."""
    found = await pipe.pos.connector.reader.read("product", pipe.pos.sku)
    assert found is not None
    return {**orjson.loads(found), "SKU": sku, "Price": 10.0, **more}


@pytest.mark.rule("products.create_mapped")
@pytest.mark.rule("products.enabling")
async def test_a_new_product_has_what_is_mapped_all_its_prices_and_waits_disabled_for_a_person(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    tax = "  - {to: tax_class, value: exempt}"
    pipe = owning(web, pos, tmp_path / "flows", "price, sale_price, tier_prices, active", SALE + TIERS + tax)
    told = await pipe.told_of("pos", "product", "NEW-1", await new_at_the_till(pipe, "NEW-1"))
    assert pipe.failed == []
    assert delivered(told) == ["created 'NEW-1', disabled until a person enables it"]
    assert told[-1].children == ("made",)  # its stock, which the store could not take before, is read
    made = await product(pipe, "NEW-1")
    assert (made.enabled, made.attribute_set, made.websites, made.price) == (False, 4, (1,), D("10.00"))
    assert made.attributes["tax_class_id"] == "0"
    assert [sale.amount for sale in await web.connector.prices.special_prices(["NEW-1"], ZoneInfo("UTC"))] == [
        D("7.50")
    ]
    assert len(await web.connector.prices.tier_prices(["NEW-1"])) == 2
    later = await new_at_the_till(pipe, "NEW-1", Name="Newer", UpdatedAt="2030-01-01T00:00:00Z")
    await pipe.told_of("pos", "product", "NEW-1", later)
    assert not (await product(pipe, "NEW-1")).enabled


async def test_the_stock_of_a_product_is_read_whatever_was_cut_short_when_it_was_made(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await new_at_the_till(pipe, "NEW-1")
    publish = MemoryPublisher.publish

    async def cut(publisher: MemoryPublisher, records: Sequence[Outgoing]) -> None:
        if any(dict(out.headers)["receipt-id"].endswith(b".made") for out in records):
            raise Unavailable("Kafka does not answer")
        await publish(publisher, records)

    with monkeypatch.context() as broken:
        broken.setattr(MemoryPublisher, "publish", cut)
        await pipe.told_of("pos", "product", "NEW-1", told)
    assert [str(error) for error in pipe.failed] == ["Kafka does not answer"]
    again = await pipe.told_of("pos", "product", "NEW-1", told)
    assert again[-1].children == ("made",)
    assert delivered(await pipe.told_of("pos", "product", "NEW-1", told)) == []


async def test_the_stock_of_a_product_is_read_that_was_made_without_an_answer(pipe: Pipe) -> None:
    pipe.web.faults.put(Rule(Fault.ERROR_AFTER, every=1, operation="save_product"))
    told = await new_at_the_till(pipe, "NEW-1")
    await pipe.told_of("pos", "product", "NEW-1", told)
    assert [type(error) for error in pipe.failed] == [OutcomeUnknown]
    pipe.web.faults.put()
    again = await pipe.told_of("pos", "product", "NEW-1", told)
    assert again[-1].children == ("made",)
    assert pipe.web.faults.mutations("save_product") == [200]


@pytest.mark.rule("products.never_sent")
async def test_no_flow_can_own_what_an_update_would_replace_as_a_whole(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price, website_ids, media_gallery_entries")
    await pipe.changed("pos", "product", pos.sku)
    (error,) = pipe.failed
    assert "owns media_gallery_entries, website_ids, which no update sends" in error.message
    assert web.faults.mutations("save_product") == []


@pytest.mark.rule("products.nothing_deleted")
async def test_what_the_point_of_sale_no_longer_sells_is_disabled_and_stays(
    web: WebSystem, pos: PosSystem, tmp_path: Path
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "active")
    await web.connector.products.set_product_enabled(pos.sku, enabled=True)
    before = await product(pipe, pos.sku)
    await at_the_till(pipe, pos.sku, Active=False)
    assert delivered(await pipe.changed("pos", "product", pos.sku)) == [f"changed '{pos.sku}': set_product_enabled"]
    after = await product(pipe, pos.sku)
    assert (after.enabled, after.websites, after.name) == (False, before.websites, before.name)
    await at_the_till(pipe, pos.sku, Active=True)
    await pipe.changed("pos", "product", pos.sku)
    assert not (await product(pipe, pos.sku)).enabled

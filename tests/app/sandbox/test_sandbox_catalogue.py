from __future__ import annotations

from app.sandbox.catalogue import MAIN, SOURCES, STORE2, ProductKind, catalogue, sellable
from app.sandbox.premises import DEFAULT_SOURCE, DEFAULT_STOCK, Size


def test_the_same_seed_gives_the_same_goods() -> None:
    assert catalogue(7, 200) == catalogue(7, 200)
    assert catalogue(7, 200) != catalogue(8, 200)


def test_a_larger_catalogue_begins_with_the_smaller_one() -> None:
    smaller = catalogue(7, 90)
    assert catalogue(7, 300)[: len(smaller)] == smaller


def test_it_holds_every_kind_and_as_many_sellable_skus_as_asked() -> None:
    goods = catalogue(1, 2_000)
    assert len(sellable(goods)) == 2_000
    assert len({product.sku for product in goods}) == len(goods)
    assert {product.kind for product in goods} == set(ProductKind)
    assert all(set(product.stock) == {MAIN, STORE2} for product in sellable(goods))


def test_children_come_after_their_parent_and_share_its_price() -> None:
    parents = {}
    for product in catalogue(1, 100):
        if product.kind is ProductKind.CONFIGURABLE:
            parents[product.sku] = product
            assert product.stock == {}
        if product.parent:
            assert product.price == parents[product.parent].price
    assert len(parents) == 5


def test_more_locations_change_nothing_at_the_first_ones() -> None:
    for small, large in zip(catalogue(7, 60), catalogue(7, 60, tuple(SOURCES)), strict=True):
        assert (large.sku, large.price) == (small.sku, small.price)
        assert {location: large.stock[location] for location in small.stock} == small.stock
        assert not large.stock or list(large.stock) == list(SOURCES)


def test_every_source_but_the_default_one_is_in_one_stock_and_every_website_has_its_stock() -> None:
    for size in Size:
        premises = size.premises
        linked = [source for sources in premises.stocks.values() for source in sources]
        assert sorted(linked) == sorted(premises.source_codes)
        assert premises.stocks[DEFAULT_STOCK] == (DEFAULT_SOURCE,)
        assert {website.stock_id for website in premises.websites} <= set(premises.stocks)
    large = Size.LARGE.premises
    assert (len(large.websites), len(large.locations), len(large.stocks) - 1) == (2, 6, 2)

from __future__ import annotations

from app.sandbox.catalogue import MAIN, STORE2, ProductKind, catalogue, sellable


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

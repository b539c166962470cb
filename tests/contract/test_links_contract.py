"""The contract of `streams.ports.Links`."""

from __future__ import annotations

import asyncio

from schemas.ids import Ref
from tests.postgres_server import Ports

ORDER = Ref("web", "order", "42")
POS_ORDER = Ref("pos", "order", "17")


async def test_a_link_is_found_from_both_sides(any_store: Ports) -> None:
    assert await any_store.links.insert(ORDER, POS_ORDER) == (ORDER, POS_ORDER)
    assert await any_store.links.find([ORDER], "pos") == {ORDER: POS_ORDER}
    assert await any_store.links.find([POS_ORDER], "web") == {POS_ORDER: ORDER}


async def test_only_refs_with_a_counterpart_in_that_connection_are_found(any_store: Ports) -> None:
    await any_store.links.insert(ORDER, POS_ORDER)
    unknown = Ref("web", "order", "43")
    assert await any_store.links.find([ORDER, unknown], "pos") == {ORDER: POS_ORDER}
    assert await any_store.links.find([ORDER], "pos2") == {}
    assert await any_store.links.find([], "pos") == {}


async def test_many_are_found_at_once(any_store: Ports) -> None:
    pairs = {Ref("web", "sku", f"S{i}"): Ref("pos", "sku", f"P{i}") for i in range(50)}
    await asyncio.gather(*(any_store.links.insert(one, other) for one, other in pairs.items()))
    assert await any_store.links.find(list(pairs), "pos") == pairs


async def test_the_first_link_stands_whichever_side_comes_again(any_store: Ports) -> None:
    await any_store.links.insert(ORDER, POS_ORDER)
    assert await any_store.links.insert(ORDER, Ref("pos", "order", "18")) == (ORDER, POS_ORDER)
    assert await any_store.links.insert(Ref("web", "order", "43"), POS_ORDER) == (ORDER, POS_ORDER)
    assert await any_store.links.insert(POS_ORDER, ORDER) == (POS_ORDER, ORDER)
    assert await any_store.links.find([Ref("web", "order", "43")], "pos") == {}


async def test_one_entity_is_linked_into_several_connections(any_store: Ports) -> None:
    second = Ref("pos2", "order", "5")
    await any_store.links.insert(ORDER, POS_ORDER)
    await any_store.links.insert(ORDER, second)
    assert await any_store.links.find([ORDER], "pos") == {ORDER: POS_ORDER}
    assert await any_store.links.find([ORDER], "pos2") == {ORDER: second}


async def test_of_many_who_link_at_once_one_wins_and_all_learn_it(any_store: Ports) -> None:
    rivals = [Ref("pos", "order", str(number)) for number in range(20)]
    pairs = await asyncio.gather(*(any_store.links.insert(ORDER, rival) for rival in rivals))
    assert len(set(pairs)) == 1
    assert await any_store.links.find([ORDER], "pos") == {ORDER: pairs[0][1]}


async def test_native_ids_are_any_text(any_store: Ports) -> None:
    odd = Ref("web", "sku", "a:b c\x00\ud800é'\"\x1b\\")
    odd_there = Ref("pos", "sku", "\x1bx\n")
    await any_store.links.insert(odd, odd_there)
    assert await any_store.links.find([odd], "pos") == {odd: odd_there}
    assert await any_store.links.find([Ref("web", "sku", "x" * 10_000)], "pos") == {}

"""The contract of `streams.ports.AppliedRevisions`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from schemas.ids import Ref
from streams.ports import Revision
from tests.postgres_server import Ports
from tests.twins.clock import START

SKU = Ref("pos", "sku", "A")


def at(seconds: float, content: str = "x") -> Revision:
    return Revision(START + timedelta(seconds=seconds), content)


async def test_what_was_applied_is_known_per_target(any_store: Ports) -> None:
    other = Ref("pos", "sku", "B")
    await any_store.applied.put("web", {SKU: at(1), other: at(2)})
    assert await any_store.applied.get("web", [SKU, other]) == {SKU: at(1), other: at(2)}
    assert await any_store.applied.get("web2", [SKU]) == {}
    assert await any_store.applied.get("web", []) == {}


async def test_a_newer_revision_replaces_an_older_one_never_the_reverse(any_store: Ports) -> None:
    await any_store.applied.put("web", {SKU: at(5)})
    await any_store.applied.put("web", {SKU: at(4, "older")})
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(5)}
    await any_store.applied.put("web", {SKU: at(6, "newer")})
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(6, "newer")}


async def test_at_the_same_time_the_later_writing_stands(any_store: Ports) -> None:
    await any_store.applied.put("web", {SKU: at(5, "first")})
    await any_store.applied.put("web", {SKU: at(5, "second")})
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(5, "second")}


async def test_microseconds_count(any_store: Ports) -> None:
    await any_store.applied.put("web", {SKU: at(0.000002)})
    await any_store.applied.put("web", {SKU: at(0.000001, "older")})
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(0.000002)}


async def test_of_many_writers_the_newest_revision_stays(any_store: Ports) -> None:
    await asyncio.gather(*(any_store.applied.put("web", {SKU: at(n % 37, f"v{n % 37}")}) for n in range(200)))
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(36, "v36")}


async def test_nothing_to_put_is_no_work(any_store: Ports) -> None:
    await any_store.applied.put("web", {})


async def test_what_is_forgotten_counts_as_never_applied_and_nothing_else_does(any_store: Ports) -> None:
    other = Ref("pos", "sku", "B")
    await any_store.applied.put("web", {SKU: at(5), other: at(5)})
    await any_store.applied.put("web2", {SKU: at(5)})
    await any_store.applied.forget("web", [SKU, Ref("pos", "sku", "never heard of")])
    assert await any_store.applied.get("web", [SKU, other]) == {other: at(5)}
    assert await any_store.applied.get("web2", [SKU]) == {SKU: at(5)}
    await any_store.applied.put("web", {SKU: at(1, "older")})
    assert await any_store.applied.get("web", [SKU]) == {SKU: at(1, "older")}

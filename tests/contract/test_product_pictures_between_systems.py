"""Pictures of products: each added once by the hash of its file, and none ever changed or taken away."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from aiohttp import web as http

from app import pictures
from streams.errors import Rejected, Transient
from tests.app.stub_server import Seen, StubServer
from tests.contract.pipe import Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem
from tests.contract.test_products_between_systems import new_at_the_till, owning, product

FRONT, BACK, THEIRS = (b"\x89PNG\r\n\x1a\n" + side for side in (b"front", b"back", b"theirs"))
IMAGES = "  - to: images\n    from: Pictures\n    each:\n      - {to: url, from: url}\n"
FILES = {"/front.png": FRONT, "/again.png": FRONT, "/back.png": BACK, "/letter.pdf": b"%PDF"}


def shown(seen: Seen) -> http.Response:
    if seen.raw_path == "/busy.png":
        return http.Response(status=503)
    content = FILES.get(seen.raw_path)
    return http.Response(status=404) if content is None else http.Response(body=content)


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Where the shop's pictures are."""
    monkeypatch.setattr(pictures, "SCHEMES", frozenset({"http"}))
    async with StubServer(answer=shown) as server:
        yield server.url


async def told(pipe: Pipe, host: str, *names: str, sku: str = "", at: int = 2030) -> list[str]:
    """What is done when Heartland tells a product with these pictures."""
    body = await new_at_the_till(pipe, sku or pipe.pos.sku, UpdatedAt=f"{at}-01-01T00:00:00Z")
    found = {"Pictures": [{"url": f"{host}/{name}"} for name in names]}
    return delivered(await pipe.told_of("pos", "product", sku or pipe.pos.sku, {**body, **found}))


def named(content: bytes) -> str:
    return sha256(content).hexdigest()


async def by_the_web_team(pipe: Pipe) -> None:
    """A person adds a picture in Magento's admin."""
    content = {"base64_encoded_data": base64.b64encode(THEIRS).decode(), "type": "image/png", "name": "theirs.png"}
    entry = {"media_type": "image", "label": "Ours", "disabled": False, "types": ["image"], "content": content}
    await pipe.web.client.post("admin", pipe.web.sku, f"/V1/products/{pipe.web.sku}/media", {"entry": entry})


@pytest.mark.rule("products.images")
async def test_a_picture_is_added_once_whatever_it_is_called_and_those_of_the_web_team_stay(
    web: WebSystem, pos: PosSystem, tmp_path: Path, host: str
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "images", IMAGES)
    await by_the_web_team(pipe)
    assert await told(pipe, host, "front.png", at=2030) == [f"changed '{pos.sku}': add_picture"]
    assert await told(pipe, host, "again.png", "back.png", at=2031) == [f"changed '{pos.sku}': add_picture"]
    assert await told(pipe, host, at=2032) == []
    assert await told(pipe, host, "front.png", "back.png", at=2033) == []
    assert pipe.failed == []
    theirs, *added = (await product(pipe, pos.sku)).pictures
    assert theirs.endswith("theirs.png")
    assert added == [named(FRONT), named(BACK)]


@pytest.mark.rule("products.images")
async def test_a_new_product_is_made_with_its_pictures(
    web: WebSystem, pos: PosSystem, tmp_path: Path, host: str
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price, images", IMAGES)
    assert await told(pipe, host, "front.png", "back.png", sku="NEW-1") == [
        "created 'NEW-1', disabled until a person enables it"
    ]
    assert pipe.failed == []
    made = await product(pipe, "NEW-1")
    assert made.pictures == (named(FRONT), named(BACK))
    assert not made.enabled


@pytest.mark.rule("products.enabling")
async def test_a_new_product_that_is_complete_by_its_picture_is_enabled_after_it(
    web: WebSystem, pos: PosSystem, tmp_path: Path, host: str
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "price, images, active", IMAGES, enable_if="image, price")
    assert await told(pipe, host, sku="NEW-1") == ["created 'NEW-1', disabled until a person enables it"]
    assert await told(pipe, host, "front.png", sku="NEW-2") == ["created 'NEW-2', complete and enabled"]
    assert pipe.failed == []
    assert [(await product(pipe, sku)).enabled for sku in ("NEW-1", "NEW-2")] == [False, True]


@pytest.mark.rule("products.owned_fields")
async def test_a_flow_that_does_not_own_pictures_fetches_and_adds_none(
    web: WebSystem, pos: PosSystem, tmp_path: Path, host: str
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "name", IMAGES)
    await told(pipe, f"{host}/no-such-place", "front.png")
    assert pipe.failed == []
    assert (await product(pipe, pos.sku)).pictures == ()


async def test_what_is_no_picture_or_is_not_there_says_so_and_changes_nothing(
    web: WebSystem, pos: PosSystem, tmp_path: Path, host: str
) -> None:
    pipe = owning(web, pos, tmp_path / "flows", "images", IMAGES)
    for year, name in enumerate(("letter.pdf", "gone.png", "busy.png"), 2030):
        await told(pipe, host, name, at=year)
    await told(pipe, "ftp://pictures.example", "front.png", at=2040)
    kind, gone, busy, scheme = pipe.failed
    assert "is neither JPEG, PNG nor GIF" in kind.message
    assert "the answer is 404. Correct it in the point of sale" in gone.message
    assert "its address is not an https one" in scheme.message
    assert [type(error) for error in pipe.failed] == [Rejected, Rejected, Transient, Rejected]
    assert "fetched again" in busy.message
    assert (await product(pipe, pos.sku)).pictures == ()

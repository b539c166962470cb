"""What a product refers to: attributes and options, attribute sets, tax classes; and its images."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.app.sandbox.magento.storefront import Storefront

PNG = b"\x89PNG\r\n\x1a\n-and-so-on"


def image(name: str = "cap.png", content: bytes = PNG, kind: str = "image/png", **more: Any) -> dict[str, Any]:
    data = {"base64_encoded_data": base64.b64encode(content).decode(), "type": kind, "name": name}
    return {
        "media_type": "image",
        "label": "Cap",
        "position": 1,
        "disabled": False,
        "types": [],
        "content": data,
        **more,
    }


async def add(shop: Storefront, entry: dict[str, Any]) -> tuple[int, Any]:
    return await shop.call("POST", "/products/S1/media", {"entry": entry})


async def test_options_of_an_attribute_begin_with_the_empty_choice(shop: Storefront) -> None:
    options = await shop.get("/products/attributes/shade/options")
    assert options[0] == {"label": " ", "value": ""}
    assert [(option["label"], option["value"]) for option in options[1:]] == [
        ("Red", "4"),
        ("Blue", "5"),
        ("Green", "6"),
    ]


async def test_a_new_option_gets_the_next_id_and_the_same_label_is_refused(shop: Storefront) -> None:
    made = await shop.do("POST", "/products/attributes/shade/options", {"option": {"label": "Plum"}})
    assert {"label": "Plum", "value": made} in await shop.get("/products/attributes/shade/options")
    status, body = await shop.call("POST", "/products/attributes/shade/options", {"option": {"label": "plum"}})
    assert (status, body["parameters"]) == (400, ["plum"])
    for label in ("", " "):
        sent = {"option": {"label": label}}
        assert (await shop.call("POST", "/products/attributes/shade/options", sent))[0] == 400
    assert (await shop.call("POST", "/products/attributes/barcode/options", {"option": {"label": "x"}}))[0] == 400


async def test_an_attribute_tells_its_scope_and_input(shop: Storefront) -> None:
    seen = {code: await shop.get(f"/products/attributes/{code}") for code in ("name", "status", "price", "brand")}
    assert [seen[code]["scope"] for code in seen] == ["store", "website", "global", "global"]
    assert (seen["brand"]["frontend_input"], seen["brand"]["is_user_defined"]) == ("select", True)
    assert [option["value"] for option in seen["status"]["options"]] == ["1", "2"]
    assert (await shop.call("GET", "/products/attributes/nope"))[0] == 404
    assert (await shop.call("GET", "/products/attributes/nope/options"))[0] == 404


async def test_attribute_sets_are_listed(shop: Storefront) -> None:
    found = await shop.find("/products/attribute-sets/sets/list", ("attribute_set_name", "eq", "Apparel"))
    (apparel,) = found["items"]
    assert await shop.get(f"/products/attribute-sets/{apparel['attribute_set_id']}") == apparel
    assert (await shop.call("GET", "/products/attribute-sets/5"))[0] == 404
    assert (await shop.call("GET", "/products/attribute-sets/sets/list"))[0] == 400


async def test_tax_classes_are_listed_by_kind(shop: Storefront) -> None:
    found = await shop.find("/taxClasses/search", ("class_type", "eq", "PRODUCT"))
    assert [(tax["class_id"], tax["class_name"]) for tax in found["items"]] == [
        (2, "Taxable Goods"),
        (4, "Reduced Rate"),
    ]
    assert (await shop.find("/taxClasses/search"))["total_count"] == 3


async def test_an_image_is_added_by_its_content_and_listed_with_its_file(shop: Storefront) -> None:
    status, first = await add(shop, image(types=["image"]))
    assert status == 200
    (entry,) = await shop.get("/products/S1/media")
    assert (entry["id"], entry["file"], entry["types"]) == (first, "/c/a/cap.png", ["image"])
    assert "content" not in entry
    assert (await shop.get("/products/S1"))["media_gallery_entries"] == [entry]


async def test_the_same_image_again_is_a_second_one_under_another_name(shop: Storefront) -> None:
    for _ in range(2):
        await add(shop, image())
    assert [entry["file"] for entry in await shop.get("/products/S1/media")] == ["/c/a/cap.png", "/c/a/cap_1.png"]


async def test_a_saved_gallery_is_the_whole_gallery_and_what_it_leaves_out_is_lost(shop: Storefront) -> None:
    await add(shop, image())
    await add(shop, image("hat.png"))
    cap, hat = await shop.get("/products/S1/media")
    await shop.put_product("S1", price=11)
    assert len(await shop.get("/products/S1/media")) == 2
    await shop.put_product("S1", media_gallery_entries=[hat | {"label": "Hat"}, image("new.png")])
    kept, new = await shop.get("/products/S1/media")
    assert (kept["id"], kept["label"], kept["file"]) == (hat["id"], "Hat", "/h/a/hat.png")
    assert new["id"] not in (cap["id"], hat["id"])


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (image(content=b"no image"), "The image content must be valid base64 encoded data."),
        (image(kind="image/jpeg"), "The image MIME type is not valid or not supported."),
        (image(name="a/b.png"), "Provided image name contains forbidden characters."),
        ({"media_type": "image"}, "The image content must be valid base64 encoded data."),
    ],
)
async def test_what_is_no_image_is_refused(shop: Storefront, entry: dict[str, Any], said: str) -> None:
    assert await add(shop, entry) == (400, {"message": said})
    assert await shop.get("/products/S1/media") == []


async def test_an_image_of_an_unknown_product_is_refused(shop: Storefront) -> None:
    assert (await shop.call("POST", "/products/NOPE/media", {"entry": image()}))[0] == 404

"""Product images: added by content, listed, and lost if a saved product's gallery leaves them out."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import PurePosixPath

import orjson

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.product_rows import change_row, find_product
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.typed import read_parameters

SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}
"""First bytes of an image -> its type."""
NAME = re.compile(r'[^\\/?*:";<>()|{}]+')
SHOWN = ("id", "media_type", "label", "position", "disabled", "types", "file")


def add_media(shop: Shop, call: Call) -> int:
    """POST /V1/products/:sku/media: the new entry's id. Adding the same image again makes a second one."""
    entry = read_parameters(call.body, {"entry": "ProductAttributeMediaGalleryEntry"})["entry"]
    call.resource_key = call.params["sku"]
    content = _content(entry.get("content") or {})
    product = find_product(shop, call.params["sku"])
    entry_id = insert_entry(shop, product["entity_id"], entry, content)
    change_row(shop, product["entity_id"], {"updated_at": shop.now()})
    return entry_id


def list_media(shop: Shop, call: Call) -> list[Json]:
    """GET /V1/products/:sku/media."""
    return gallery(shop, find_product(shop, call.params["sku"])["entity_id"])


def gallery(shop: Shop, product_id: int) -> list[Json]:
    """``media_gallery_entries`` of a product's document."""
    rows = shop.connection.execute(
        "SELECT document FROM media_entries WHERE product_id = ? ORDER BY entry_id", (product_id,)
    )
    return [orjson.loads(row["document"]) for row in rows]


def put_gallery(shop: Shop, product_id: int, entries: list[Json]) -> None:
    """``media_gallery_entries`` of a saved product: the whole list. An image whose id is not in it is gone, one with
    content is new, the others keep their file."""
    kept = {entry["id"]: entry for entry in entries if entry.get("id")}
    for known in gallery(shop, product_id):
        if known["id"] not in kept:
            shop.connection.execute("DELETE FROM media_entries WHERE entry_id = ?", (known["id"],))
            continue
        changed = known | {name: value for name, value in kept[known["id"]].items() if name in SHOWN[1:-1]}
        document = orjson.dumps(changed).decode()
        shop.connection.execute("UPDATE media_entries SET document = ? WHERE entry_id = ?", (document, known["id"]))
    for entry in entries:
        if entry.get("content"):
            insert_entry(shop, product_id, entry, _content(entry["content"]))


def insert_entry(shop: Shop, product_id: int, entry: Json, content: bytes) -> int:
    """Keep an image. Its file is named after what was sent; a name that is taken gets a number."""
    entry_id = shop.next_id("media_entry")
    document = {
        "id": entry_id,
        "media_type": entry.get("media_type") or "image",
        "label": entry.get("label"),
        "position": entry.get("position") or entry_id,
        "disabled": bool(entry.get("disabled")),
        "types": entry.get("types") or [],
        "file": _free_file(shop, str(entry["content"]["name"])),
    }
    shop.connection.execute(
        "INSERT INTO media_entries(entry_id, product_id, document, content) VALUES (?, ?, ?, ?)",
        (entry_id, product_id, orjson.dumps(document).decode(), content),
    )
    return entry_id


def _free_file(shop: Shop, name: str) -> str:
    path = PurePosixPath(name.lower())
    folder = "".join(f"/{character}" for character in path.stem[:2])
    for number in range(10_000):
        suffix = f"_{number}" if number else ""
        file = f"{folder}/{path.stem}{suffix}{path.suffix}"
        if shop.one("SELECT 1 FROM media_entries WHERE json_extract(document, '$.file') = ?", file) is None:
            return file
    raise RestError(400, "Cannot save product.")


def _content(sent: Json) -> bytes:
    """The image, if Magento's validator would take it."""
    try:
        content = base64.b64decode(str(sent.get("base64_encoded_data") or ""), validate=True)
    except binascii.Error:
        content = b""
    kind = next((kind for start, kind in SIGNATURES.items() if content.startswith(start)), None)
    if kind is None:
        raise RestError(400, "The image content must be valid base64 encoded data.")
    if sent.get("type") != kind:
        raise RestError(400, "The image MIME type is not valid or not supported.")
    if not NAME.fullmatch(str(sent.get("name") or "")):
        raise RestError(400, "Provided image name contains forbidden characters.")
    return content


ROUTES = (
    Route("GET", "/V1/products/:sku/media", "Magento_Catalog::catalog", list_media),
    Route("POST", "/V1/products/:sku/media", "Magento_Catalog::catalog", add_media),
)

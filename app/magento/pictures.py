"""Pictures of products. Implements WebPictures.

A picture is named by the hash of its file, so that Magento's gallery itself says which ones are there.
"""

from __future__ import annotations

import base64
import re

from app.magento.client import MagentoClient
from app.urls import encode
from streams.errors import Rejected
from streams.ports import PictureDraft

SIGNATURES = {
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"GIF8": ("image/gif", "gif"),
}
"""First bytes of the kinds that Magento takes -> MIME type and ending of the name."""
ROLES = ("image", "small_image", "thumbnail")
"""What the shop shows of a product: on its page, in lists, in the cart."""
HASHED = re.compile(r"/([0-9a-f]{64})(_\d+)?\.\w+$")
"""The file of a picture of ours; Magento adds a number if another product has the same picture."""


class MagentoPictures:
    """Pictures of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def add_picture(self, sku: str, picture: PictureDraft) -> str:
        """Add one entry (``POST /V1/products/:sku/media``), which leaves the others alone."""
        mime, ending = _kind(sku, picture)
        entry = {
            "media_type": "image",
            "label": picture.label,
            "disabled": False,
            "types": list(ROLES) if picture.shown else [],
            "content": {
                "base64_encoded_data": base64.b64encode(picture.content).decode(),
                "type": mime,
                "name": f"{picture.sha256}.{ending}",
            },
        }
        path = f"/V1/products/{encode(sku)}/media"
        await self._client.post("add_picture", f"SKU {sku}", path, {"entry": entry}, scope="all")
        return picture.sha256


def mark_of(file: str) -> str:
    """What tells an entry of a gallery from others: the hash of a picture of ours, else its file."""
    ours = HASHED.search(file)
    return ours[1] if ours else file


def _kind(sku: str, picture: PictureDraft) -> tuple[str, str]:
    kind = next((kind for first, kind in SIGNATURES.items() if picture.content.startswith(first)), None)
    if kind is None:
        raise Rejected(
            f"a picture of '{sku}' is neither JPEG, PNG nor GIF, which is all that Magento takes. Nothing was sent. "
            "Replace it in the point of sale, then replay; or add it in Magento by hand and discard this event.",
            code="picture_kind",
            blocks=False,
        )
    return kind

"""Pictures of a product into the web store: each once, by the hash of its file. None is changed or taken away.

What the web team takes away is not added again: the ledger remembers that it was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from schemas.canonical.product import Image, Product
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.desk import Desk
from streams.deliver.operations import ADD_PICTURE
from streams.errors import Rejected
from streams.ports import EffectKey
from streams.ports.web_pictures import PictureDraft, PictureSource, WebPictures
from streams.ports.web_products import WebProducts

IMAGES = "images"
"""Name of what a flow may own."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Where pictures are fetched, where they are added, and where they are seen."""

    source: PictureSource
    pictures: WebPictures
    products: WebProducts


class ProductPictures:
    """The pictures of one web store's products."""

    def __init__(self, desk: Desk, gallery: Gallery) -> None:
        self._desk = desk
        self._gallery = gallery

    async def missing(self, product: Product, sku: str, there: Sequence[str]) -> list[CreateOnce]:
        """What adds those that it does not have and never had.

        Args:
            product: of the point of sale.
            sku: the web store's.
            there: marks of the pictures that it has.

        Raises:
            Rejected, Transient: one cannot be fetched.
        """
        adds: list[CreateOnce] = []
        known = set(there)
        for image in product.images:
            if image.sha256 in known:
                continue
            content = await self._gallery.source.picture(image.url)
            mark = _hash_of(product, image, content)
            key = EffectKey(self._desk.target, ADD_PICTURE.name, Ref(self._desk.target, "picture", f"{sku}/{mark}"))
            if mark in known or await self._desk.effects.made(key) is not None:
                continue
            adds.append(self._add(key, sku, PictureDraft(content, mark, image.label or product.name, not known)))
            known.add(mark)
        return adds

    def _add(self, key: EffectKey, sku: str, draft: PictureDraft) -> CreateOnce:
        async def send(_before: Ids) -> str:
            return await self._gallery.pictures.add_picture(sku, draft)

        async def find(_before: Ids) -> str | None:
            shown = await self._gallery.products.product(sku)
            return draft.sha256 if shown is not None and draft.sha256 in shown.pictures else None

        return CreateOnce(key, (Step(ADD_PICTURE, draft.sha256, f"picture {draft.sha256} of '{sku}'", send, find),))


def _hash_of(product: Product, image: Image, content: bytes) -> str:
    found = sha256(content).hexdigest()
    if image.sha256 and image.sha256 != found:
        raise Rejected(
            f"the picture {image.url} of '{product.sku}' is not the one that was told: its hash is {found} and not "
            f"{image.sha256}. Nothing was added. Look at it in the point of sale, then replay.",
            code="picture_changed",
            blocks=False,
        )
    return found

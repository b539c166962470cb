"""Pictures of products, in the shop's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PictureDraft:
    """A picture to be added.

    Attributes:
        content: the file, as it came.
        sha256: of the file, in hex; the store's file is named by it.
        label: what is shown in its place.
        shown: whether it becomes the one that the shop shows of the product.
    """

    content: bytes
    sha256: str
    label: str
    shown: bool


class PictureSource(Protocol):
    """Wherever the point of sale's pictures are."""

    async def picture(self, url: str) -> bytes:
        """The file.

        Raises:
            Rejected: it is not there, is no picture or is too large.
            Transient: there was no answer.
        """
        ...


class WebPictures(Protocol):
    """The pictures of the web store's products, which `WebProduct` shows. None is ever changed or taken away."""

    async def add_picture(self, sku: str, picture: PictureDraft) -> str:
        """Add it; sent once. Returns its hash. Raises Rejected if it is no kind of picture that the store takes."""
        ...

"""What belongs to a sale: payments, shipments and refunds are parts of it, and share its topic and key."""

from __future__ import annotations

from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.canonical.base import Canonical, Pieces, RefText


class PartOfSale(Canonical):
    """What every part of a sale says of itself.

    Attributes:
        ref: of the part, in the system that tells it (``web:invoice:7``).
        sale: ref of the sale in the system where it was placed (``web:order:42``); the key of its topic.
        sale_number: the sale's number there.
        number: what a person calls the part (Magento: its increment id); empty if it has no name of its own.
        channel: name of the channel in the settings, the sale's.
        updated_at: when the part changed last; where its system does not say, when its order did.
    """

    ref: RefText
    sale: RefText
    sale_number: str = Field(min_length=1)
    number: str = ""
    channel: str = Field(min_length=1)
    updated_at: AwareDatetime


class PartOfLine(Canonical):
    """Some pieces of one line of a sale, named as its system names lines: by id (Magento), by SKU (Heartland), or both.

    Attributes:
        line_id: as `schemas.canonical.Line.line_id`; empty if the system has none.
        sku: the SKU in the system that tells it; empty if it names the line by id alone.
        quantity: pieces that this part is about, not those of the line.
    """

    line_id: str = ""
    sku: str = ""
    quantity: Pieces

    @model_validator(mode="after")
    def _names_its_line(self) -> Self:
        if not self.line_id and not self.sku:
            raise ValueError("neither line_id nor sku says which line is meant")
        return self

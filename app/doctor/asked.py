"""What the systems are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.documents import FlowDocument
from schemas.documents.channel import Channel


@dataclass(frozen=True, slots=True)
class Asked:
    """What the systems are compared with.

    Attributes:
        channels: all of the shop.
        flows: all of the shop, in the modes of the settings.
        page_size: rows that polling asks for.
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    flows: Sequence[FlowDocument] = ()
    page_size: int = 100

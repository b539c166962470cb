"""Channels as the stages look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from schemas.documents.channel import Channel


class Channels:
    """The configured channels."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._all = tuple(channels)
        self._by_name = {channel.name: channel for channel in self._all}

    def named(self, name: str) -> Channel | None:
        """The channel of that name."""
        return self._by_name.get(name)

    def of_pos(self, pos: str) -> tuple[Channel, ...]:
        """The channels whose sales go to a point of sale."""
        return tuple(channel for channel in self._all if channel.pos == pos)

    def of_web(self, web: str) -> tuple[Channel, ...]:
        """The channels of a web store."""
        return tuple(channel for channel in self._all if channel.web == web)

    def between(self, *, pos: str, web: str) -> tuple[Channel, ...]:
        """The channels that join a point of sale and a web store."""
        return tuple(channel for channel in self._all if channel.pos == pos and channel.web == web)

    def buffers_between(self, *, pos: str, web: str) -> Mapping[str, Decimal]:
        """Pieces by location that the channels between both keep for customers in store; the most where they differ."""
        found: dict[str, Decimal] = {}
        for channel in self.between(pos=pos, web=web):
            for location, pieces in channel.buffers.items():
                found[location] = max(pieces, found.get(location, pieces))
        return found

    def websites_of(self, web: str) -> tuple[int, ...]:
        """The websites of a web store that channels name, each once."""
        return tuple(dict.fromkeys(channel.website_id for channel in self._all if channel.web == web))

    def webs_of(self, pos: str) -> tuple[str, ...]:
        """The web stores that channels join to a point of sale, each once."""
        return tuple(dict.fromkeys(channel.web for channel in self._all if channel.pos == pos))

    def points_of_sale_of(self, web: str) -> tuple[str, ...]:
        """The points of sale that channels join to a web store, each once."""
        return tuple(dict.fromkeys(channel.pos for channel in self._all if channel.web == web))

    def of_store(self, web: str, store_id: str) -> Channel | None:
        """The channel of a store view."""
        return next((c for c in self._all if c.web == web and str(c.store_id) == store_id), None)

    def of_location(self, pos: str, location: str) -> Channel | None:
        """The first channel of a point of sale that sells from a location."""
        return next((c for c in self.of_pos(pos) if location in {c.location, *c.sources}), None)

    def of_public_id(self, pos: str, public_id: str) -> tuple[Channel, ...]:
        """The channels of a point of sale whose prefix the number has, the longest prefix first."""
        fits = (c for c in self._all if c.pos == pos and public_id.startswith(c.prefix))
        return tuple(sorted(fits, key=lambda c: -len(c.prefix)))

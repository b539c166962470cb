"""Whether two channels can give two web orders one number in the point of sale, which knows them by it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations

from app.doctor.finding import Finding, wrong
from schemas.documents.channel import Channel

ORDER = "000000001"
"""How Magento's order numbers look: digits, which a store view may begin with a digit of its own."""


def collisions(channels: Mapping[str, Channel]) -> Iterator[Finding]:
    """Channels of one point of sale whose prefixes differ by digits alone: the number of the one's order, which begins
    with those digits, is then the other's. Equal prefixes are refused with the settings already."""
    for (longer, one), (shorter, other) in permutations(channels.items(), 2):
        begins_alike, rest = one.prefix.startswith(other.prefix), one.prefix[len(other.prefix) :]
        if one.pos == other.pos and begins_alike and rest.isdecimal():
            yield wrong(
                f"channel {longer}",
                f"its order {ORDER} and order {rest}{ORDER} of channel {shorter} are both "
                f"'{one.prefix}{ORDER}' in '{one.pos}'",
                f"channels.{longer}.prefix: one that does not begin with '{other.prefix}' and digits, like "
                f"'{longer.upper()}-'; orders that are there already keep their numbers",
            )

"""Where the groups go on after an older store was restored. Pure.

What the old store has not seen done happens again; look-ups in the targets keep an effect from happening twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.offsets.plan import Place
from streams.ports import Partition
from streams.topics import CANONICAL_CUSTOMER, CANONICAL_STOCK, raw

CUSTOMERS = frozenset({raw("magento", "customer"), raw("heartland", "customer")})
READ_ANEW = frozenset({CANONICAL_STOCK, CANONICAL_CUSTOMER}) | CUSTOMERS
"""Topics that are not read again: stock and customers are read anew in their systems instead. Old quantities would be
written over newer ones for a while; and of a customer, whom both sides change, the store has forgotten what was agreed
since, so that an old telling (another e-mail, an address that was taken away) would look like a new wish."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """How one group goes back.

    Attributes:
        group: its name.
        offsets: where it goes on; only of partitions on which that is further back than it is.
        records: how many it reads again.
        gone: partitions of which Kafka no longer has all that must be read again.
    """

    group: str
    offsets: Mapping[Partition, int]
    records: int
    gone: tuple[Partition, ...]


def way_back(group: str, places: Iterable[Place], done: Mapping[Partition, int]) -> WayBack:
    """How a group goes back to where it had come when the store was saved.

    Args:
        group: its name.
        places: where it stands, in every partition that it reads.
        done: what the restored store has seen done; a partition that is not named: nothing.
    """
    back = {
        place.key: (done.get(place.key, 0), place)
        for place in places
        if place.topic not in READ_ANEW and done.get(place.key, 0) < (place.committed or 0)
    }
    return WayBack(
        group,
        {key: offset for key, (offset, _) in back.items()},
        sum(max(place.committed or 0, place.first) - max(offset, place.first) for offset, place in back.values()),
        tuple(key for key, (offset, place) in back.items() if offset < place.first),
    )

"""The target's counterpart of what an event is about, or the wait until there is one."""

from __future__ import annotations

from schemas.ids import MissingLink, Ref
from streams.deliver.desk import Desk
from streams.errors import DependencyMissing

OLDER = (
    "An order from before the launch is brought there by `tillstream backfill order`; if it was settled by hand, "
    "discard this event"
)
"""What a person does about an order that is not linked and will not be: nothing of it is carried over by itself."""


async def order_of(desk: Desk, sale: str, number: str, what: str) -> Ref:
    """The target's order of a sale.

    Args:
        desk: of the target.
        sale: ref of the sale where it was placed.
        number: its number, for the message.
        what: is to be done with it, for the message: ``the payment of 20.00 USD``.

    Raises:
        DependencyMissing: it is not there yet; the link releases the event.
    """
    ref = Ref.parse(sale)
    if ref.connection == desk.target:
        return ref
    found = (await desk.links.find([ref], desk.target)).get(ref)
    if found is None:
        raise DependencyMissing(
            f"{what} for order {number} waits until that order is in {desk.target}: it goes on by itself then. {OLDER}",
            waits_for=MissingLink(ref, desk.target),
        )
    return found


async def made_by_us(desk: Desk, ref: str) -> bool:
    """Whether an entity was made by Tillstream for one of the target: it is our own write, come back."""
    entity = Ref.parse(ref)
    return entity in await desk.links.find([entity], desk.target)

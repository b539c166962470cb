"""Which account and which profile are one person, as the links have it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.ids import Ref
from streams.channels import Channels
from streams.customer.links import MERGED, Pair, linked_name, linked_names, merged_names, own_name
from streams.customer.matching import Account
from streams.errors import Rejected
from streams.ports import Links


class CustomerLinks:
    """Links of customers between web stores and points of sale."""

    def __init__(self, links: Links, channels: Channels) -> None:
        self._links = links
        self._channels = channels

    async def profile_of(self, account: Ref, pos: str) -> Ref | None:
        """The account's profile in a point of sale."""
        found = (await self._links.find([account], pos)).get(account)
        return None if found is None else own_name(found)

    async def accounts_of(self, profile: Ref, web: str) -> Sequence[Account]:
        """The profile's accounts in a web store, one for each website at most."""
        names = linked_names(profile, self._channels.websites_of(web))
        found = await self._links.find(names, web)
        return [Account(found[name], website) for name, website in names.items() if name in found]

    async def pairs_of(self, ref: Ref, other: str) -> list[Pair]:
        """What a customer is linked to in a connection, whichever side it is of."""
        if other in self._channels.points_of_sale_of(ref.connection):
            profile = await self.profile_of(ref, other)
            return [] if profile is None else [Pair(ref, profile)]
        return [Pair(account.ref, ref) for account in await self.accounts_of(ref, other)]

    async def merged(self, profile: Ref, web: str) -> Ref | None:
        """The account whose person this profile is, though another profile has the link."""
        name = profile._replace(type=MERGED)
        found = (await self._links.find([name], web)).get(name)
        return None if found is None else Ref(web, profile.type, found.native_id.partition("/")[0])

    async def link(self, pair: Pair, website: str, merged: Sequence[Ref] = ()) -> None:
        """Say that they are one person, and so are the profiles that are merged with this one.

        Raises:
            Rejected: one of them is linked to another by now.
        """
        wanted = pair.account, linked_name(pair.profile, website)
        made = await self._links.insert(*wanted)
        if made != wanted:
            raise Rejected(
                f"{pair.account} cannot be linked to {pair.profile}: {made[0]} is linked to {own_name(made[1])} by "
                "now. See which of the two it is, then replay or discard this event.",
                code="taken",
            )
        for other in merged:
            await self._links.insert(*merged_names(pair.account, other))

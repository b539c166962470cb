"""A profile has one account on each website, and the link of each is found from either side."""

from __future__ import annotations

import pytest

from schemas.documents import Channel
from schemas.ids import Ref
from streams.channels import Channels
from streams.customer.links import Pair
from streams.customer.matching import Account
from streams.deliver.customer_links import CustomerLinks
from streams.errors import Rejected
from tests.twins.store import MemoryLinks

MAIN = Channel(name="main", web="web", pos="pos", location="MAIN")
OUTLET = Channel(name="outlet", web="web", store_id=4, website_id=2, pos="pos", location="MAIN")
PROFILE, OTHER = Ref("pos", "customer", "1001"), Ref("pos", "customer", "1002")
FIRST, SECOND, THIRD = (Ref("web", "customer", number) for number in ("41", "42", "43"))


@pytest.fixture
def links() -> CustomerLinks:
    return CustomerLinks(MemoryLinks(), Channels([MAIN, OUTLET]))


@pytest.mark.rule("orders.one_account_per_website")
async def test_a_profile_is_linked_to_one_account_on_each_website(links: CustomerLinks) -> None:
    await links.link(Pair(FIRST, PROFILE), "1")
    await links.link(Pair(SECOND, PROFILE), "2")
    assert await links.accounts_of(PROFILE, "web") == [Account(FIRST, "1"), Account(SECOND, "2")]
    assert await links.pairs_of(PROFILE, "web") == [Pair(FIRST, PROFILE), Pair(SECOND, PROFILE)]
    assert await links.pairs_of(SECOND, "pos") == [Pair(SECOND, PROFILE)]
    with pytest.raises(Rejected, match=r"web:customer:41 is linked to pos:customer:1001 by now"):
        await links.link(Pair(THIRD, PROFILE), "1")


async def test_who_is_merged_is_told_whose_person_it_is(links: CustomerLinks) -> None:
    await links.link(Pair(FIRST, PROFILE), "1", merged=[OTHER])
    assert await links.merged(OTHER, "web") == FIRST
    assert await links.merged(PROFILE, "web") is None
    assert await links.pairs_of(OTHER, "web") == []


async def test_what_is_agreed_on_is_kept_for_each_point_of_sale() -> None:
    assert Pair(FIRST, PROFILE).key != Pair(FIRST, PROFILE._replace(connection="pos-2")).key

"""Customers between both systems, as a shop may have set them up."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from streams.ports import Outcome
from tests.contract.customers import (
    ELM,
    at_till,
    profiles,
    regular,
    settled,
    shopper,
    streets,
    the_account,
    the_profile,
)
from tests.contract.pipe import CHANNEL, Pipe
from tests.contract.systems import PosSystem, WebSystem


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


def own(tmp_path: Path, flow: str, old: str, new: str) -> Path:
    """The shop's own documents: a flow as it comes, but for one line."""
    document = (resources.files("streams") / "flows" / f"{flow}.yaml").read_text("utf-8")
    assert document.count(old) == 1
    directory = tmp_path / "flows"
    directory.mkdir()
    (directory / f"{flow}.yaml").write_text(document.replace(old, new))
    return directory


async def test_a_shop_that_makes_accounts_of_profiles_makes_one_and_magento_welcomes_once(
    web: WebSystem, pos: PosSystem, tmp_path: Path, email: str
) -> None:
    pipe = Pipe(web, pos, own(tmp_path, "customer_to_web", "[update_account]", "[create_account, update_account]"))
    profile = await regular(pipe, email, Addresses=[ELM])
    before = web.faults.mails()
    for _ in range(2):
        await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    made = await web.connector.customers.find_account(email, 1)
    assert made is not None
    assert (made.first_name, made.last_name, streets(made.addresses)) == ("Ann", "Webb", ["9 Elm Street"])
    assert web.faults.mails() == before + 1
    await settled(pipe, made.account_id, profile)
    assert await profiles(pipe, email) == [profile]


async def test_a_shop_that_merges_keeps_one_of_the_profiles_and_leaves_the_others_alone(
    web: WebSystem, pos: PosSystem, tmp_path: Path, email: str
) -> None:
    pipe = Pipe(web, pos, own(tmp_path, "customer_to_pos", "several: review", "several: merge"))
    first, second = [await regular(pipe, email) for _ in range(2)]
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    assert streets((await the_profile(pipe, first)).addresses) == ["12 Oak St"]
    assert (await the_profile(pipe, second)).addresses == ()
    await at_till(pipe, second, Addresses=[ELM])
    (*_, entry) = await pipe.changed("pos", "customer", second)
    assert entry.outcome is Outcome.FILTERED
    assert f"the same person as another profile, that of web:customer:{account}" in entry.message
    assert streets((await the_account(pipe, account)).addresses) == ["12 Oak St"]


async def test_several_that_are_the_same_wait_for_a_person_as_it_comes(pipe: Pipe, email: str) -> None:
    both = [await regular(pipe, email) for _ in range(2)]
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    (error,) = pipe.failed
    assert all(f"pos:customer:{profile}" in error.message for profile in both)
    assert f"tillstream link-customer {account} '<profile in pos>' --channel main" in error.message


@pytest.mark.rule("channels.customer_scope")
@pytest.mark.rule("channels.unmapped_to_review")
async def test_an_account_of_a_website_without_a_channel_is_for_a_person(
    web: WebSystem, pos: PosSystem, email: str
) -> None:
    pipe = Pipe(web, pos, channel=CHANNEL.model_copy(update={"website_id": 2}))
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    (error,) = pipe.failed
    assert 'add [channels.NAME] with web = "web" and website_id = 1' in error.message
    assert await profiles(pipe, email) == []

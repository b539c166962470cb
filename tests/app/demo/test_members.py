"""The demo's members: what they and the till do, and how it is written down."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from app.demo import members as module
from app.demo.accounts import Accounts
from app.demo.deeds import CustomerField, Deeds, Side
from app.demo.members import Members
from app.demo.rest import RestError
from tests.app.demo.carrier import Carrier
from tests.app.demo.stage import Stage


@pytest.fixture
def members(stage: Stage) -> Members:
    return Members(stage.accounts, stage.till, stage.deeds, random.Random(1))


async def deeds_after(stage: Stage, members: Members, changes: int) -> Deeds:
    """What was written down when a member was changed so often."""
    await members.join()
    await Carrier(stage).carry()
    for _ in range(changes):
        assert await members.change()
    return stage.deeds.read()


async def test_nobody_is_changed_before_the_till_knows_them(stage: Stage, members: Members) -> None:
    await members.join()
    assert not await members.change()
    await Carrier(stage).carry()
    assert await members.change()


async def test_both_sides_change_members(stage: Stage, members: Members) -> None:
    done = {(change.by, change.what) for change in (await deeds_after(stage, members, 25)).customers}
    assert {(Side.WEB, CustomerField.LAST_NAME), (Side.WEB, CustomerField.EMAIL)} < done
    assert (Side.TILL, CustomerField.LAST_NAME) in done
    assert {CustomerField.STREET, CustomerField.STREET_GONE} < {what for _, what in done}


async def test_a_name_is_misspelt_less_often_than_a_person_has_to_look(stage: Stage, members: Members) -> None:
    changes = (await deeds_after(stage, members, 40)).customers
    assert sum(change.by is Side.TILL and change.what is CustomerField.LAST_NAME for change in changes) == 1


async def test_one_side_tells_where_a_member_lives(stage: Stage, members: Members) -> None:
    changes = (await deeds_after(stage, members, 25)).customers
    streets = [change for change in changes if change.what in (CustomerField.STREET, CustomerField.STREET_GONE)]
    assert len({change.by for change in streets}) == 1


async def test_a_regular_who_opens_an_account_has_one_profile(
    stage: Stage, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REGULAR_SHARE", 1.0)
    monkeypatch.setattr(module, "KNOWN_AFTER", 0.0)
    await members.enter_regulars()
    (opened,) = (await deeds_after(stage, members, 0)).accounts.values()
    (profile,) = await stage.till.profiles_of(opened.email)
    assert not profile["ExternalID"]
    assert [address["Line1"] for address in profile["Addresses"]] == [opened.street]


async def test_a_change_whose_answer_nobody_saw_is_written_down_as_unsure(
    stage: Stage, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: object, **__: Any) -> None:
        raise RestError("PUT", "", 500, "gone")

    await deeds_after(stage, members, 0)
    monkeypatch.setattr(Accounts, "change", cut)
    monkeypatch.setattr(type(stage.till), "change_profile", cut)
    with pytest.raises(RestError):
        await members.change()
    (change,) = stage.deeds.read().customers
    assert change == replace(change, sure=False)


async def test_a_member_buys_under_the_account(stage: Stage, members: Members) -> None:
    async with members.shopping() as nobody:
        assert nobody is None
    await members.join()
    async with members.shopping() as shopper, members.shopping() as nobody:
        assert nobody is None
        assert shopper is not None
        placed = await stage.store.place([{"sku": stage.web.sku, "qty": 1}], shopper, method="checkmo")
    order = await stage.office.read(placed.order_id)
    assert (str(order["customer_id"]), order["customer_email"]) == (shopper.account, shopper.email)

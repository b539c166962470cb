"""Receivers of webhooks are registered, found and taken away."""

from __future__ import annotations

import secrets

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown
from tests.contract.systems import PosSystem

EVENTS = ["order.created", "order.updated"]


@pytest.fixture
def url() -> str:
    return f"http://127.0.0.1:9/{secrets.token_hex(6)}/{{entity}}"


async def test_a_receiver_tells_its_secret_once_and_is_listed_without_it(pos: PosSystem, url: str) -> None:
    webhooks = pos.connector.webhooks
    created = await webhooks.create_webhook(url, EVENTS, "tillstream")
    assert created.secret.startswith("whsec_")
    assert created.secret not in repr(created)
    (found,) = [one for one in await webhooks.webhooks() if one.url == url]
    assert (found.webhook_id, found.external_id, list(found.events)) == (created.webhook_id, "tillstream", EVENTS)


async def test_registering_again_replaces_events_and_secret_and_keeps_one_receiver(pos: PosSystem, url: str) -> None:
    webhooks = pos.connector.webhooks
    first = await webhooks.create_webhook(url, EVENTS, "tillstream")
    second = await webhooks.create_webhook(url, ["inventory.updated"], "tillstream")
    assert first.secret != second.secret
    found = [one for one in await webhooks.webhooks() if one.url == url]
    assert [list(one.events) for one in found] == [["inventory.updated"]]


async def test_a_receiver_that_is_gone_may_be_taken_away_again(pos: PosSystem, url: str) -> None:
    webhooks = pos.connector.webhooks
    created = await webhooks.create_webhook(url, EVENTS, "tillstream")
    await webhooks.delete_webhook(created.webhook_id)
    await webhooks.delete_webhook(created.webhook_id)
    assert url not in [one.url for one in await webhooks.webhooks()]


async def test_a_registration_whose_answer_was_lost_is_repeated_for_a_secret_that_is_known(
    pos: PosSystem, url: str
) -> None:
    webhooks = pos.connector.webhooks
    pos.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="create_webhook", limit=1))
    with pytest.raises(OutcomeUnknown):
        await webhooks.create_webhook(url, EVENTS, "tillstream")
    assert (await webhooks.create_webhook(url, EVENTS, "tillstream")).secret
    assert len([one for one in await webhooks.webhooks() if one.url == url]) == 1


async def test_a_failed_removal_is_not_taken_for_one_that_was_done(pos: PosSystem, url: str) -> None:
    webhooks = pos.connector.webhooks
    created = await webhooks.create_webhook(url, EVENTS, "tillstream")
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="delete_webhook"))
    with pytest.raises(OutcomeUnknown):
        await webhooks.delete_webhook(created.webhook_id)
    pos.faults.put()
    assert url in [one.url for one in await webhooks.webhooks()]

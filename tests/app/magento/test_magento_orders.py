"""What is asked of Magento about orders, and what its answers become."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
import pytest
from aiohttp import web

from app.http import SEND_SECONDS
from app.magento.orders import MagentoOrders
from streams.errors import OutcomeUnknown, Rejected, Transient
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen

DATA = Path(__file__).parents[2] / "data"
LISTS = orjson.loads((DATA / "magento/lists.json").read_bytes())
GONE = {"message": "The entity that was requested doesn't exist. Verify the entity and try again."}
OTHER_STATUS = {"message": 'The status "%1" is not part of the order\n status history.', "parameters": ["pending"]}


async def test_changed_orders_are_asked_for_oldest_change_first() -> None:
    async with stubbed(web.json_response(LISTS["orders_by_change"])) as (server, client):
        since = datetime(2026, 11, 23, 22, 20, 38, tzinfo=UTC)
        page = await MagentoOrders(client).list_orders(since, page=2, page_size=3)
    assert [row["entity_id"] for row in page.rows] == [2, 17, 19]
    assert page.total_count == 14
    query = {key: value[0] for key, value in parse_qs(urlsplit(unquote(server.seen[0].raw_path)).query).items()}
    assert query == {
        "searchCriteria[filter_groups][0][filters][0][field]": "updated_at",
        "searchCriteria[filter_groups][0][filters][0][condition_type]": "gteq",
        "searchCriteria[filter_groups][0][filters][0][value]": "2026-11-23 22:20:38",
        "searchCriteria[sortOrders][0][field]": "updated_at",
        "searchCriteria[sortOrders][0][direction]": "ASC",
        "searchCriteria[sortOrders][1][field]": "entity_id",
        "searchCriteria[sortOrders][1][direction]": "ASC",
        "searchCriteria[pageSize]": "3",
        "searchCriteria[currentPage]": "2",
    }


async def test_the_external_number_travels_alone() -> None:
    async with stubbed(web.json_response({"entity_id": 42, "base_grand_total": None})) as (server, client):
        await MagentoOrders(client).set_external_number("42", "POS-7")
    assert (server.seen[0].method, server.seen[0].raw_path) == ("POST", "/rest/V1/orders")
    assert server.seen[0].body == {"entity": {"entity_id": 42, "ext_order_id": "POS-7"}}


async def test_an_id_that_is_no_number_never_leaves() -> None:
    async with stubbed() as (server, client):
        with pytest.raises(Rejected, match="not the id of a Magento order"):
            await MagentoOrders(client).set_external_number("4x", "POS-7")
    assert server.seen == []


async def test_a_comment_carries_the_present_status_and_mails_nobody() -> None:
    async with stubbed(web.json_response({"state": "processing", "status": "picked"}), web.json_response(True)) as (
        server,
        client,
    ):
        assert await MagentoOrders(client).add_comment("42", "Heartland order 7 is Open [m]") == ""
    assert server.seen[0].raw_path == "/rest/V1/orders/42?fields=state%2Cstatus"
    assert server.seen[1].raw_path == "/rest/V1/orders/42/comments"
    assert server.seen[1].body == {
        "statusHistory": {
            "comment": "Heartland order 7 is Open [m]",
            "entity_name": "order",
            "parent_id": 42,
            "status": "picked",
            "is_customer_notified": 0,
            "is_visible_on_front": 0,
        }
    }


async def test_a_status_that_moves_under_a_comment_is_tried_again() -> None:
    async with stubbed(
        web.json_response({"status": "pending"}),
        web.json_response(OTHER_STATUS, status=400),
        web.json_response({"status": "processing"}),
    ) as (_, client):
        with pytest.raises(Transient, match="status has just changed"):
            await MagentoOrders(client).add_comment("42", "text")


async def test_a_refused_comment_with_an_unmoved_status_is_rejected() -> None:
    async with stubbed(
        web.json_response({"status": "pending"}),
        web.json_response(OTHER_STATUS, status=400),
        web.json_response({"status": "pending"}),
    ) as (_, client):
        with pytest.raises(Rejected, match='"pending" is not part of the order status history'):
            await MagentoOrders(client).add_comment("42", "text")


async def test_a_comment_whose_status_was_read_too_slowly_is_not_sent() -> None:
    passed = 0.0

    def slow_status(_seen: Seen) -> web.Response:
        nonlocal passed
        passed += SEND_SECONDS
        return web.json_response({"status": "pending"})

    async with stubbed(answer=slow_status, monotonic=lambda: passed) as (server, client):
        with pytest.raises(Transient, match=r"web: add_comment for order 42 was not sent: 3\.0 s went by"):
            await MagentoOrders(client).add_comment("42", "text")
    assert [seen.method for seen in server.seen] == ["GET"]


@pytest.mark.rule("guards.notifying_comment_400")
async def test_an_opaque_refusal_of_a_comment_leaves_the_outcome_unknown() -> None:
    opaque = web.json_response({"message": "Could not save the comment, see error log for details"}, status=400)
    async with stubbed(web.json_response({"status": "pending"}), opaque) as (server, client):
        with pytest.raises(OutcomeUnknown):
            await MagentoOrders(client).add_comment("42", "text")
    assert len(server.seen) == 2


async def test_a_comment_is_found_by_its_marker() -> None:
    async with stubbed(*[web.json_response(LISTS["order_comments"]) for _ in range(2)]) as (_, client):
        orders = MagentoOrders(client)
        assert await orders.find_comment("4", "nosta") == "3"
        assert await orders.find_comment("4", "[tillstream") is None


async def test_an_answer_that_only_says_that_it_is_json_is_rejected() -> None:
    async with stubbed(web.Response(body=b"<html>", content_type="application/json")) as (_, client):
        with pytest.raises(Rejected, match="no JSON"):
            await MagentoOrders(client).find_comment("4", "x")


async def test_an_answer_of_another_shape_is_rejected_with_its_place() -> None:
    async with stubbed(web.json_response({"items": [{"comment": {"a": 1}}]})) as (_, client):
        with pytest.raises(Rejected, match=r"the list of comments of order 4 .* \(items\.0\.comment"):
            await MagentoOrders(client).find_comment("4", "x")

"""A gift card's number stays in the body of the request that needs it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from app.heartland.gift_cards import HeartlandGiftCards
from streams.errors import Rejected, TillstreamError
from streams.ports import GiftCardNumber
from tests.app.heartland.heartland_contract import check_answer, check_request
from tests.app.heartland.heartland_stub import UPDATED, refusal, stubbed

NUMBER = GiftCardNumber("GIFT-4711-0815")


def card(**changes: Any) -> dict[str, Any]:
    document = {
        "GiftCardID": "700001",
        "ExternalID": None,
        "LastFour": "0815",
        "Balance": 50,
        "Held": 20.5,
        "Available": 29.5,
        "Currency": "USD",
        "UpdatedAt": UPDATED,
    } | changes
    check_answer("GiftCard", document)
    return document


async def test_the_number_is_in_the_body_and_in_no_url() -> None:
    async with stubbed(web.json_response(card())) as stub:
        found = await HeartlandGiftCards(stub.client).gift_card(NUMBER)
    assert found is not None
    assert found.card_id == "700001"
    assert check_request(stub.calls[0]) == "find_gift_card"
    assert stub.calls[0].body == {"Number": NUMBER.reveal()}
    assert NUMBER.reveal() not in stub.calls[0].raw_path + str(stub.calls[0].headers)


@pytest.mark.rule("money.gift_card_masked")
@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "validation_error", f"No card {NUMBER.reveal()}", Number=f"{NUMBER.reveal()} has the wrong form"),
        refusal(500, "internal_error", f"lost {NUMBER.reveal()}"),
        web.Response(status=502, text=f"<p>{NUMBER.reveal()}</p>", content_type="text/html"),
        web.json_response({"Number": NUMBER.reveal()}),
        web.Response(text=f'{{"Number": "{NUMBER.reveal()}', content_type="application/json"),
    ],
    ids=["refused", "failed", "proxy", "another shape", "cut off"],
)
async def test_an_error_never_quotes_the_number_whatever_heartland_says(answer: web.Response) -> None:
    async with stubbed(answer) as stub:
        with pytest.raises(TillstreamError, match=r"gift card …0815") as caught:
            await HeartlandGiftCards(stub.client).gift_card(NUMBER)
    assert NUMBER.reveal() not in str(caught.value) + repr(caught.value) + caught.value.message


async def test_a_look_up_is_a_read_so_that_an_expired_token_is_replaced_at_once() -> None:
    answers = [
        web.json_response(card()),
        refusal(401, "unauthorized", "The token has expired"),
        web.json_response(card()),
    ]
    async with stubbed(*answers) as stub:
        gift_cards = HeartlandGiftCards(stub.client)
        assert await gift_cards.gift_card(NUMBER) == await gift_cards.gift_card(NUMBER)
    assert len(stub.token_requests) == 2


async def test_a_number_that_no_card_has_is_none_and_a_wrong_address_is_not() -> None:
    async with stubbed(refusal(404, "not_found")) as stub:
        assert await HeartlandGiftCards(stub.client).gift_card(NUMBER) is None
    async with stubbed(web.Response(status=404, text="<html>nginx</html>", content_type="text/html")) as stub:
        with pytest.raises(TillstreamError) as caught:
            await HeartlandGiftCards(stub.client).gift_card(NUMBER)
    assert not isinstance(caught.value, Rejected)

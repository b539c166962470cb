"""A gift card that both systems know, and the web orders that it pays."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from streams.ports import GiftCardNumber
from tests.contract.pipe import Pipe

D = Decimal
ON_IT = D("500.00")
"""What is on a card in the ledger."""


@dataclass(frozen=True)
class Card:
    """A card that both systems know."""

    pipe: Pipe
    number: GiftCardNumber

    async def balance(self) -> tuple[Decimal, Decimal]:
        """What is on it in the ledger, and what of that is held."""
        found = await self.pipe.pos.connector.gift_cards.gift_card(self.number)
        assert found is not None
        return found.balance, found.held


async def issue(pipe: Pipe, in_web: str, *, in_ledger: bool = True) -> Card:
    """A new card, with so much on it in the web store."""
    number = f"GC-{secrets.token_hex(6).upper()}"
    in_web_store(pipe, "INSERT INTO gift_cards(code, balance) VALUES (?, ?)", number, in_web)
    if in_ledger:
        body = {"Number": number, "Balance": ON_IT, "Currency": "USD"}
        await pipe.pos.client.change("POST", "till", "a new card", "/v1/gift-cards", body)
    return Card(pipe, GiftCardNumber(number))


def in_web_store(pipe: Pipe, statement: str, *values: object) -> None:
    """What no route of Magento's does."""
    with sqlite3.connect(pipe.web.faults._sandbox.database) as connection:
        connection.execute(statement, values)
    connection.close()


async def bought(pipe: Pipe, *cards: Card, pieces: int = 1) -> str:
    """An order that was paid with those cards as far as they go, carried over."""
    order = await pipe.web.place_order(pieces, gift_cards=[card.number.reveal() for card in cards])
    await pipe.changed("web", "order", order)
    return order


async def web_order(pipe: Pipe, order: str) -> dict[str, Any]:
    found = await pipe.web.connector.reader.read("order", order)
    assert found is not None
    return dict(orjson.loads(found))


async def admin(pipe: Pipe, order: str, what: str, body: dict[str, object]) -> None:
    """What a person does with the order in Magento's admin, carried over twice."""
    await pipe.web.client.post("admin", order, f"/V1/order{what}", body)
    for _ in range(2):
        await pipe.changed("web", "order", order)

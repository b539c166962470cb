"""Money of gift cards that only one system knows of, or that was taken twice, is told by the auditor."""

from __future__ import annotations

from app.demo.audit.findings import Entity
from tests.app.demo.books_in_balance import Shops


def carded(shops: Shops, web: str, balance: str, held: str) -> list[str]:
    """What the auditor says of one card."""
    shops.magento(f"INSERT INTO gift_cards VALUES ('GIFT-001', '{web}')")
    shops.heartland(f"INSERT INTO gift_cards VALUES ('GIFT-001', '{balance}', '{held}')")
    return [finding.verdict for finding in shops.audit().entities[Entity.GIFT_CARDS].findings]


def test_a_card_has_in_both_systems_what_is_left_to_spend(shops: Shops) -> None:
    assert carded(shops, "70", "100", "30") == []


def test_money_that_the_ledger_does_not_know_of_is_lost(shops: Shops) -> None:
    assert carded(shops, "70", "100", "0") == ["lost"]


def test_money_that_was_taken_twice_is_doubled(shops: Shops) -> None:
    assert carded(shops, "70", "40", "0") == ["doubled"]


def test_an_order_that_holds_a_card_twice_is_doubled(shops: Shops) -> None:
    shops.heartland("INSERT INTO gift_card_holds VALUES ('web:order:1'), ('web:order:1'), ('web:order:2')")
    assert carded(shops, "100", "100", "0") == ["doubled"]

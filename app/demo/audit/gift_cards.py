"""Gift cards: what one has to spend is the same in the point of sale's ledger and in the web store."""

from __future__ import annotations

from decimal import Decimal

from app.demo.audit.books import BothSides, Document, amount
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every card by its number, and see that no order holds money of one twice."""
    result.did = sum(order.number in deeds.orders and _by_card(order.document) for order in both.web.values())
    web = {row["code"]: row["balance"] for row in both.magento.execute("SELECT code, balance FROM gift_cards")}
    for row in both.heartland.execute("SELECT number, balance, held FROM gift_cards"):
        result.compared += 1
        here, there = Decimal(str(web[row["number"]])), Decimal(row["balance"]) - Decimal(row["held"])
        if here != there:
            verdict = "lost" if there > here else "doubled"
            result.add(verdict, row["number"][-4:], f"has {here} in the web store and {there} in the ledger")
    held = both.heartland.execute(
        "SELECT external_id, count(*) AS times FROM gift_card_holds GROUP BY external_id HAVING count(*) > 1"
    )
    for row in held:
        result.add("doubled", row["external_id"], f"is held {row['times']} times")


def _by_card(order: Document) -> bool:
    return amount(order.get("extension_attributes") or {}, "base_gift_cards_amount") > 0

"""Products: what the point of sale sells is in the web store at its price; what else is there is the web team's."""

from __future__ import annotations

from decimal import Decimal

from app.demo.audit.books import BothSides
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds

DISABLED = 2
"""Magento's status of a product that no customer sees."""


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every product that both systems sell, and those that the shop added or renamed."""
    result.did = len(deeds.made) + len(deeds.priced) + len(deeds.renamed)
    web = {row["sku"]: row for row in both.magento.execute("SELECT sku, name, price, status, type_id FROM products")}
    pos = {row["sku"]: row for row in both.heartland.execute("SELECT sku, name, price FROM products")}
    for sku in sorted(web.keys() & pos.keys()):
        result.compared += 1
        here, there = Decimal(str(web[sku]["price"])), Decimal(str(pos[sku]["price"]))
        if here != there:
            result.add("different", sku, f"costs {here} in the web store, {there} in the point of sale")
    for sku in deeds.made:
        if sku not in web:
            result.add("lost", sku, "was added at the point of sale and is not in the web store")
            continue
        made = (web[sku]["name"], web[sku]["status"], web[sku]["type_id"])
        if made != (deeds.made[sku].name, DISABLED, "simple"):
            result.add("different", sku, f"was made as {made} instead of {deeds.made[sku].name}, disabled, simple")
    for sku, before in deeds.renamed.items():
        if sku in web and web[sku]["name"] != before:
            result.add("different", sku, f"is called '{web[sku]['name']}': the web team's name was '{before}'")

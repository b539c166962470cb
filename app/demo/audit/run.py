"""The whole audit."""

from __future__ import annotations

from app.demo.audit import customers, gift_cards, logs, orders, payments, products, refunds, shipments, stock
from app.demo.audit.books import Books, opened
from app.demo.audit.findings import Audit, Entity
from app.demo.deeds import Deeds


def audit(books: Books, deeds: Deeds) -> Audit:
    """Compare everything. Call it when the pipe has drained."""
    result = Audit(placed=len(deeds.orders))
    with opened(books) as both:
        result.in_target = orders.check(both, deeds, result.entities[Entity.ORDERS])
        payments.check(both, deeds, result.entities[Entity.PAYMENTS])
        shipments.check(both, deeds, result.entities[Entity.SHIPMENTS])
        refunds.check(both, deeds, result.entities[Entity.REFUNDS])
        customers.check(both, deeds, result.entities[Entity.CUSTOMERS])
        products.check(both, deeds, result.entities[Entity.PRODUCTS])
        stock.check(both, deeds, result.entities[Entity.STOCK])
        gift_cards.check(both, deeds, result.entities[Entity.GIFT_CARDS])
        result.add(Entity.ORDERS, logs.check_logs(both.magento, both.heartland, books.prefix))
    return result

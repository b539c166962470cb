"""The functions that every mapping document may call. CONTRIBUTING tells how to add one."""

from __future__ import annotations

from streams.customer import profile, regions
from streams.engine import addresses, checks, enrich, functions, names, phones, units
from streams.engine.functions import Registry
from streams.sale import (
    carriers,
    export,
    fees,
    gift_cards,
    left,
    lines,
    outward,
    pos,
    pos_refund,
    pos_shipments,
    prices,
    shipping,
    tenders,
    ticket,
    totals,
    web_payment,
    web_refund,
    web_shipment,
)


def registry() -> Registry:
    """A registry with all of them."""
    known = Registry()
    for call in (
        functions.text,
        functions.upper,
        functions.lower,
        functions.trim,
        functions.flag,
        functions.utc,
        carriers.carrier_code,
        functions.entries,
        functions.filled,
        addresses.address_key,
        addresses.standard_line,
        addresses.street_line,
        addresses.street_lines,
        checks.present,
        checks.totals_add_up,
        enrich.loyalty_points,
        enrich.source_system,
        names.first_name,
        names.last_name,
        names.proper_name,
        phones.is_country,
        phones.phone,
        units.convert,
        units.rounded,
        export.sale_export,
        fees.sale_fees,
        gift_cards.gift_card_available,
        gift_cards.gift_card_end,
        gift_cards.gift_card_redemptions,
        gift_cards.gift_card_stage,
        gift_cards.gift_card_state,
        gift_cards.gift_cards_to_store_credit,
        left.lines_left,
        left.total_left,
        lines.sale_lines,
        outward.money,
        outward.number,
        outward.payment_status,
        outward.pos_location,
        outward.pos_sku,
        outward.public_id,
        outward.source_items,
        outward.status_comment,
        outward.status_marker,
        pos.pos_units,
        pos_refund.pos_refund_given,
        pos_refund.pos_refund_kept,
        pos_refund.pos_refund_lines,
        pos_shipments.pos_shipments,
        prices.channel_prices,
        prices.price_groups,
        profile.pos_addresses,
        regions.web_region_id,
        shipping.sale_shipping,
        tenders.sale_tenders,
        ticket.is_ticket,
        ticket.pos_totals,
        ticket.ticket_rows,
        ticket.ticket_sums,
        ticket.web_time,
        totals.sale_totals,
        web_payment.invoice_lines,
        web_payment.invoice_method,
        web_payment.invoice_reference,
        web_payment.invoice_state,
        web_payment.invoice_tender,
        web_refund.web_refund_lines,
        web_refund.web_refund_shipping,
        web_refund.web_refund_tenders,
        web_refund.web_refund_total,
        web_shipment.web_shipment_completes,
        web_shipment.web_shipment_lines,
        web_shipment.web_shipment_location,
        web_shipment.web_shipment_unseen,
    ):
        known.add(call)
    known.add(functions.context_value, "context")
    return known


FUNCTIONS = registry()

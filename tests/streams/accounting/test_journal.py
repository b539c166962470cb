"""Journals by account, on the day that is open."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import AccountMap
from streams.accounting.booking import Booking, Movement, Role, against
from streams.accounting.fees import payout_bookings
from streams.accounting.formats import (
    IIF_COLUMNS,
    QUICKBOOKS_ONLINE_COLUMNS,
    XERO_COLUMNS,
    Format,
    written,
)
from streams.accounting.journal import Journal, journals, post_date, read_account_map
from streams.engine.errors import DocumentError
from streams.reconcile.payouts import Payout
from tests.streams.accounting.books import MAP

D = Decimal
DAY = date(2026, 2, 28)
EVENING = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
ZONES = {"MAIN": ZoneInfo("America/New_York"), "OSLO": ZoneInfo("Europe/Oslo")}
SALE = Booking(
    "shipment 1",
    EVENING,
    "MAIN",
    "USD",
    against(Role.DEPOSITS, [Movement(Role.SALES, D("-20.00")), Movement(Role.TAX, D("-1.65"), "US-CA")]),
)


def accounts(**changes: object) -> AccountMap:
    return read_account_map("map.yaml", yaml.safe_dump(yaml.safe_load(MAP) | changes))


def book(*bookings: Booking, day: date = DAY, **changes: object) -> list[Journal]:
    return list(journals(bookings or [SALE], accounts(**changes), ZONES, day))


def lines(journal: Journal) -> list[tuple[str, Decimal]]:
    return [(posting.account, posting.amount) for posting in journal.postings]


@pytest.mark.rule("money.account_map")
def test_each_role_goes_to_its_account() -> None:
    (journal,) = book()
    assert lines(journal) == [("Deposits", D("21.65")), ("Sales", D("-20.00")), ("Tax", D("-1.65"))]
    assert [posting.memo for posting in journal.postings] == ["Deposits", "Sales", "Tax US-CA"]


@pytest.mark.rule("money.account_map")
def test_a_jurisdiction_and_a_location_may_have_accounts_of_their_own() -> None:
    (journal,) = book(taxes={"US-CA": "Tax:California"}, locations={"MAIN": {"sales": "Sales:Main"}})
    assert {account for account, _ in lines(journal)} == {"Deposits", "Sales:Main", "Tax:California"}


@pytest.mark.rule("money.account_map")
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"accounts": {"sales": "Sales"}}, r"map.yaml: accounts.discounts: Field required"),
        ({"locations": {"MAIN": {"sale": "X"}}}, r"map.yaml: locations.MAIN.sale: there is no such account"),
        ({"acounts": {}}, r"map.yaml: acounts: Extra inputs"),
        ({"taxes": {"US-CA": "  "}}, r"map.yaml: taxes.US-CA: "),
        ({"taxes": {"US-CA": "Tax\tCalifornia"}}, r"map.yaml: taxes.US-CA: "),
        ({"closed_until": "yesterday"}, r"map.yaml: closed_until: "),
        ({"kind": "flow"}, r"map.yaml: kind: "),
    ],
)
def test_a_map_that_is_wrong_is_refused_with_the_place(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        accounts(**wrong)


@pytest.mark.rule("money.business_date")
def test_a_journal_is_of_the_business_day_of_its_location() -> None:
    oslo = Booking("shipment 2", EVENING, "OSLO", "USD", SALE.movements)
    (new_york,) = book(SALE, oslo)
    assert (new_york.location, new_york.posted_on) == ("MAIN", DAY)
    (norway,) = book(SALE, oslo, day=date(2026, 3, 1))
    assert norway.location == "OSLO"
    assert journals([SALE, oslo], accounts(), ZONES, DAY, location="OSLO") == ()


def test_each_currency_has_a_journal_of_its_own() -> None:
    euro = Booking("shipment 2", EVENING, "MAIN", "EUR", SALE.movements)
    assert [(one.number, one.currency) for one in book(SALE, euro)] == [("260228-01", "EUR"), ("260228-02", "USD")]


@pytest.mark.rule("money.late_changes")
def test_what_belongs_to_a_closed_day_is_posted_on_the_first_open_one() -> None:
    (journal,) = book(closed_until=date(2026, 3, 31))
    assert (journal.business_day, journal.posted_on, journal.number) == (DAY, date(2026, 4, 1), "260228-01L")
    assert journal.narration == "Sales of 2026-02-28 at MAIN (USD), posted late"
    (open_day,) = book(closed_until=date(2026, 2, 27))
    assert (open_day.posted_on, open_day.number) == (DAY, "260228-01")


@pytest.mark.rule("money.late_changes")
@given(st.dates(), st.none() | st.dates(max_value=date(9999, 12, 30)))
def test_nothing_is_ever_posted_into_a_closed_period_or_moved_out_of_an_open_one(
    day: date, closed: date | None
) -> None:
    posted = post_date(day, closed)
    assert closed is None or posted > closed
    assert posted == day or (closed is not None and day <= closed)


@pytest.mark.rule("money.journal_split")
def test_a_payout_is_money_in_the_bank_and_a_fee() -> None:
    payout = Payout(DAY, "ch_1", D("21.65"), D("0.93"), D("20.72"), "USD")
    (journal,) = book(*payout_bookings([payout], "MAIN", ZONES["MAIN"]))
    assert lines(journal) == [("Bank", D("20.72")), ("Card", D("-21.65")), ("Fees", D("0.93"))]


ROLES = st.sampled_from(list(Role))
AMOUNTS = st.integers(-10_000, 10_000).map(lambda cents: D(cents) / 100)
BOOKINGS = st.builds(
    lambda location, movements: Booking("x", EVENING, location, "USD", against(Role.OTHER, movements)),
    st.sampled_from(sorted(ZONES)),
    st.lists(st.builds(Movement, ROLES, AMOUNTS, st.sampled_from(["", "US-CA"]))),
)


@pytest.mark.rule("money.journal_split")
@given(st.lists(BOOKINGS, max_size=8), st.sampled_from(list(Format)))
def test_in_every_file_debits_equal_credits(bookings: list[Booking], wanted: Format) -> None:
    found = journals(bookings, accounts(), ZONES, DAY)
    text = written(found, accounts(), wanted)
    assert all(sum(posting.amount for posting in journal.postings) == 0 for journal in found)
    if wanted is Format.IIF:
        assert sum(D(row.split("\t")[5]) for row in text.splitlines() if row.startswith(("TRNS", "SPL"))) == 0
    else:
        rows = list(csv.DictReader(text.splitlines()))
        debit, credit = {"xero": ("*Amount", None), "qbo": ("Debits", "Credits"), "csv": ("debit", "credit")}[wanted]
        total = sum(D(row[debit] or 0) - (D(row[credit] or 0) if credit else 0) for row in rows)
        assert total == 0
        assert len(rows) == sum(len(journal.postings) for journal in found)


def test_quickbooks_desktop_gets_a_transaction_with_its_lines() -> None:
    told = written(book(), accounts(), Format.IIF)
    assert told.splitlines()[:3] == [
        "!TRNS\t" + "\t".join(IIF_COLUMNS),
        "!SPL\t" + "\t".join(IIF_COLUMNS),
        "!ENDTRNS",
    ]
    assert told.splitlines()[3] == (
        "TRNS\tGENERAL JOURNAL\t02/28/2026\tDeposits\tMAIN\t21.65\t260228-01\t"
        "Deposits. Sales of 2026-02-28 at MAIN (USD)"
    )
    assert [row.split("\t")[0] for row in told.splitlines()[3:]] == ["TRNS", "SPL", "SPL", "ENDTRNS"]


def test_quickbooks_online_gets_debits_and_credits_in_columns() -> None:
    (first, second, _) = csv.DictReader(written(book(), accounts(), Format.QBO).splitlines())
    assert tuple(first) == QUICKBOOKS_ONLINE_COLUMNS
    assert (first["Journal Date"], first["Debits"], first["Credits"]) == ("02/28/2026", "21.65", "")
    assert (second["Account Name"], second["Debits"], second["Credits"]) == ("Sales", "", "20.00")


def test_xero_gets_signed_amounts_and_a_tax_rate_that_computes_nothing() -> None:
    (first, second, _) = csv.DictReader(written(book(), accounts(), Format.XERO).splitlines())
    assert tuple(first) == XERO_COLUMNS
    assert (first["*Date"], first["*Amount"], first["*TaxRate"]) == ("28/02/2026", "21.65", "Tax Exempt")
    assert (second["*AccountCode"], second["*Amount"]) == ("Sales", "-20.00")

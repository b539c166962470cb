"""Journals as files that accounting programs import."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from schemas.documents import AccountMap
from streams.accounting.journal import Journal, Posting

XERO_COLUMNS = (
    "*Narration",
    "*Date",
    "Description",
    "*AccountCode",
    "*TaxRate",
    "*Amount",
    "TrackingName1",
    "TrackingOption1",
    "TrackingName2",
    "TrackingOption2",
)
"""Of Xero's template for manual journals (Xero Central, "Enter multiple manual journals using an import template"):
amounts are debits above zero and credits below, dates dd/mm/yyyy, rows of one narration and date are one journal."""
QUICKBOOKS_ONLINE_COLUMNS = (
    "Journal No.",
    "Journal Date",
    "Account Name",
    "Description",
    "Debits",
    "Credits",
    "Location",
)
"""Of QuickBooks Online's import of journal entries (Intuit, "Import journal entries"); a subaccount is ``Parent:Sub``,
dates MM/DD/YYYY. Location counts where location tracking is on."""
IIF_COLUMNS = ("TRNSTYPE", "DATE", "ACCNT", "CLASS", "AMOUNT", "DOCNUM", "MEMO")
"""Of a transaction and of its distribution lines in Intuit's interchange format, separated by tabs; debits above zero,
credits below, dates MM/DD/YY or with four digits. The lines of a transaction add up to nothing."""
PLAIN_COLUMNS = ("number", "date", "business_date", "location", "currency", "account", "debit", "credit", "memo")


class Format(StrEnum):
    """What the file is for."""

    CSV = "csv"
    """Every column, for anything else."""
    IIF = "iif"
    """QuickBooks Desktop."""
    QBO = "qbo"
    """QuickBooks Online."""
    XERO = "xero"


def written(journals: Sequence[Journal], accounts: AccountMap, wanted: Format) -> str:
    """The file's text."""
    match wanted:
        case Format.CSV:
            return _csv(PLAIN_COLUMNS, journals, _plain)
        case Format.QBO:
            return _csv(QUICKBOOKS_ONLINE_COLUMNS, journals, _online)
        case Format.XERO:
            return _csv(XERO_COLUMNS, journals, lambda journal, line: _xero(journal, line, accounts.xero_tax_rate))
        case Format.IIF:
            return _iif(journals)


Row = tuple[str, ...]


def _csv(columns: Row, journals: Iterable[Journal], row: Callable[[Journal, Posting], Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(row(journal, posting) for journal in journals for posting in journal.postings)
    return text.getvalue()


def _plain(journal: Journal, posting: Posting) -> Row:
    debit, credit = _sides(posting.amount)
    days = (journal.posted_on.isoformat(), journal.business_day.isoformat())
    return (journal.number, *days, journal.location, journal.currency, posting.account, debit, credit, posting.memo)


def _online(journal: Journal, posting: Posting) -> Row:
    debit, credit = _sides(posting.amount)
    return (
        journal.number,
        _american(journal.posted_on),
        posting.account,
        f"{posting.memo}. {journal.narration}",
        debit,
        credit,
        journal.location,
    )


def _xero(journal: Journal, posting: Posting, tax_rate: str) -> Row:
    day = f"{journal.posted_on:%d/%m/%Y}"
    return (
        f"{journal.number} {journal.narration}",
        day,
        posting.memo,
        posting.account,
        tax_rate,
        f"{posting.amount:.2f}",
        "Location",
        journal.location,
        "",
        "",
    )


def _iif(journals: Iterable[Journal]) -> str:
    lines = [("!TRNS", *IIF_COLUMNS), ("!SPL", *IIF_COLUMNS), ("!ENDTRNS",)]
    for journal in journals:
        for number, posting in enumerate(journal.postings):
            memo = f"{posting.memo}. {journal.narration}"
            fields = (_american(journal.posted_on), posting.account, journal.location, f"{posting.amount:.2f}")
            lines.append(("SPL" if number else "TRNS", "GENERAL JOURNAL", *fields, journal.number, memo))
        lines.append(("ENDTRNS",))
    return "".join("\t".join(line) + "\r\n" for line in lines)


def _american(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _sides(amount: Decimal) -> tuple[str, str]:
    return (f"{amount:.2f}", "") if amount > 0 else ("", f"{-amount:.2f}")

"""The auditor can fail; what it says of each entity is tried in test_audit_*.py."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from app.demo.audit.findings import Entity
from app.demo.deeds import (
    CanceledOrder,
    ChangedCustomer,
    CustomerField,
    Deed,
    Deeds,
    DeedsFile,
    GivenBack,
    InvalidEvent,
    Invoiced,
    MadeProduct,
    OpenedAccount,
    Parcel,
    PricedProduct,
    RenamedProduct,
    Side,
    StockChange,
)
from tests.app.demo.books_in_balance import PLACED, Shops


def test_books_in_balance_are_found_in_balance(shops: Shops) -> None:
    result = shops.audit()
    assert result.balanced, result
    stock = result.entities[Entity.STOCK]
    assert (result.placed, result.in_target, stock.did, stock.compared) == (1, 1, 1, 2)


def test_a_missing_database_is_an_error_and_not_a_clean_bill(shops: Shops) -> None:
    shops.books.heartland.unlink()
    with pytest.raises(FileNotFoundError):
        shops.audit()


def test_deeds_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = DeedsFile(tmp_path / "deeds.jsonl")
    deeds: list[Deed] = [
        PLACED,
        CanceledOrder("2"),
        Invoiced("3", Decimal("9.50")),
        Parcel("3", "1Z1"),
        GivenBack("3", Decimal("1.25")),
        OpenedAccount("7", "ann@example.com", "Ann", "Webb", "12 Oak Street"),
        ChangedCustomer("7", Side.WEB, CustomerField.LAST_NAME, "Baker", sure=False),
        MadeProduct("N", "New"),
        PricedProduct("A"),
        RenamedProduct("A", "Cap"),
        StockChange("A", "MAIN"),
        InvalidEvent("no id", "r1"),
    ]
    whole = Deeds()
    for deed in deeds:
        file.write(deed)
        whole.add(deed)
    assert file.read() == whole
    assert whole.parcels == [("3", "1Z1")]
    assert whole.invoices == {"3": Decimal("9.50")}

"""The file that a spreadsheet opens."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from app.reconcile.showing import SHOWN, drift_table, write_csv
from streams.reconcile.drift import Comparison, Drift, Subject


def test_the_file_has_every_drift_and_no_name_becomes_a_formula(tmp_path: Path) -> None:
    file = tmp_path / "drift.csv"
    evil = Drift("=HYPERLINK(1)", "first_name", "@A", "-B", Decimal("1E+2"), "USD", advice="look")
    drifts = (evil, *(Drift(f"S{n}", "missing", "1", "") for n in range(SHOWN + 5)))
    write_csv(file, [Comparison(Subject.CUSTOMERS, 900, drifts)])
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == SHOWN + 6
    first = rows[0]
    assert [first[name] for name in ("name", "web", "pos", "amount")] == ["'=HYPERLINK(1)", "'@A", "'-B", "100"]
    assert drift_table(drifts).row_count == SHOWN

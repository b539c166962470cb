"""What the balance prints: all places, the ids that are not in one, and what to do."""

from __future__ import annotations

import io

from rich.console import Console

from app.balance.kafka import Span, Unread
from app.balance.sets import Equation, Equations
from app.balance.show import NAMED, show_equations
from app.balance.take import Balance
from streams.ports import Outcome


def printed(balance: Balance) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show_equations(console, balance)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_receipts_and_what_they_caused_have_a_column_each() -> None:
    receipts = Equation(1200, ended={Outcome.DELIVERED: 1198}, in_review=1, in_flight=1)
    told = printed(Balance(Equations(receipts, Equation(7, ended={Outcome.SUPERSEDED: 7}))))
    rows = {line[:14].strip(): line[14:].split() for line in told.splitlines()[1:]}
    assert rows["accepted"] == ["1,200", "7"]
    assert (rows["delivered"], rows["superseded"], rows["in flight"]) == (["1,198", "0"], ["0", "7"], ["1", "0"])
    assert "✗" not in told


def test_an_id_that_is_missing_is_named_with_the_command_that_tells_about_it() -> None:
    children = Equation(2, missing=("r1.s0",), twice=("r2.c",))
    told = printed(Balance(Equations(children=children)))
    assert "r1.s0 is missing" in told
    assert "tillstream trace r1.s0" in told
    assert "r2.c ended and is counted again: see `tillstream trace r2.c`" in told


def test_no_more_are_named_than_somebody_reads() -> None:
    missing = tuple(f"r{number:03}" for number in range(NAMED + 5))
    told = printed(Balance(Equations(Equation(len(missing), missing=missing))))
    assert told.count("is missing") == NAMED
    assert "and 5 more" in told


def test_what_kafka_deleted_unread_is_told_by_its_place() -> None:
    gone = Unread("tillstream.normalize", Span("raw.magento.order", 3, 10, 12), deleted=6)
    balance = Balance(Equations(), (gone,))
    assert not balance.holds
    told = printed(balance)
    assert "raw.magento.order 3: Kafka deleted 6 records before tillstream.normalize had read them" in told
    assert "`tillstream offsets repair tillstream.normalize`" in told

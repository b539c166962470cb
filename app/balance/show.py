"""The balance in words and numbers."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.balance.sets import Equation
from app.balance.take import Balance
from streams.ports import Outcome

NAMED = 20
"""Ids that are named of each kind."""

_ENDS = tuple(outcome for outcome in Outcome if outcome.ends)


def counts(equation: Equation) -> dict[str, int]:
    """What each place holds; all but the first add up to it."""
    return {
        "accepted": equation.accepted,
        **{outcome.value: equation.ended.get(outcome, 0) for outcome in _ENDS},
        "in review": equation.in_review,
        "parked": equation.parked,
        "in flight": equation.in_flight,
        "missing": len(equation.missing),
        "twice": len(equation.twice),
    }


def show_equations(console: Console, balance: Balance) -> None:
    """Print the equations, and what does not fit into them."""
    receipts, children = balance.equations.receipts, balance.equations.children
    table = Table("", "receipts", "what they caused", box=None, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for (name, count), caused in zip(counts(receipts).items(), counts(children).values(), strict=True):
        table.add_row(name if name == "accepted" else f"  {name}", f"{count:,}", f"{caused:,}")
    console.print(table)
    for problem in problems(balance):
        console.print(Text.assemble(("✗ ", "red"), problem))


def problems(balance: Balance) -> Iterator[str]:
    """What is wrong, and what to do, one line each."""
    receipts, children = balance.equations.receipts, balance.equations.children
    missing, twice = receipts.missing + children.missing, receipts.twice + children.twice
    for one in missing[:NAMED]:
        yield f"{one} is missing: nobody has it, and it did not end. See `tillstream trace {one}` for where it was last"
    for one in twice[:NAMED]:
        yield (
            f"{one} ended and is counted again: see `tillstream trace {one}` for both; if it waits for a person and is "
            "done, discard it"
        )
    more = max(0, len(missing) - NAMED) + max(0, len(twice) - NAMED)
    if more:
        yield f"and {more} more"
    for place in balance.deleted:
        span = place.span
        yield (
            f"{span.topic} {span.partition}: Kafka deleted {place.deleted} records before {place.group} had read them "
            f"(it was at {span.start - place.deleted}): their ids are lost. "
            f"`tillstream offsets repair {place.group}` tells how what is lost comes again"
        )

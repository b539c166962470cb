"""Printing a story for the person who looks after the shop."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.trace.story import ReceiptStory, Story, Waiting


def show(console: Console, what: str, story: Story) -> None:
    """Print everything, what waits last: there the operator has to act."""
    if not story.receipts and not story.waiting:
        console.print(
            f"Nothing is known about '{what}'. It is looked up as order number, SKU and receipt id, exactly as "
            "written. If it was changed moments ago it may still be on its way: try again, or see `tillstream doctor`."
        )
        return
    for receipt in story.receipts:
        _receipt(console, receipt)
    for waiting in story.waiting:
        _waiting(console, waiting)


def _receipt(console: Console, receipt: ReceiptStory) -> None:
    console.print(Text.assemble(("receipt ", "bold"), receipt.receipt_id, f"  {receipt.ended}"))
    table = Table(show_header=True, expand=True, box=None, padding=(0, 1))
    table.add_column("at (UTC)", no_wrap=True)
    table.add_column("stage", no_wrap=True)
    table.add_column("what happened", ratio=3)
    table.add_column("handled by", ratio=2)
    for step in receipt.steps:
        entry = step.entry
        child = entry.receipt_id.removeprefix(receipt.receipt_id)
        did = " ".join(part for part in (entry.outcome.value, child, entry.step, entry.target) if part)
        told = f"{did}: {entry.message}" if entry.message else did
        if entry.error:
            told = f"{told} ({entry.error})"
        table.add_row(f"{entry.at:%H:%M:%S.%f}"[:-3], entry.stage, Text(told), Text(" → ".join(step.modules[-2:])))
    console.print(table)


def _waiting(console: Console, waiting: Waiting) -> None:
    hold = waiting.event.held.hold
    record = waiting.event.held.record
    console.print(Text.assemble(("held ", "bold yellow"), f"{hold.subject} ({hold.receipt_id}) {waiting.why}"))
    console.print(Text(f"  why:   {hold.message}" + (f" ({hold.error})" if hold.error else "")))
    console.print(Text(f"  where: {record.topic} {record.partition}@{record.offset}, stage {hold.stage}"))
    if waiting.modules:
        console.print(Text(f"  code:  {' → '.join(waiting.modules)}"))
    if waiting.mend:
        console.print(Text.assemble("  mend:  ", (waiting.mend, "bold")))
    if waiting.give_up:
        console.print(Text.assemble("  or:    ", (waiting.give_up, "bold"), "  to give it up for good"))

"""What a flow that observes tells in the journal, in words that a report can count again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "observe: would "
MAILING = " and e-mail the customer"
END = ". Nothing is written before `tillstream launch"
REFUSED = "observe: nobody is asked yet, but a person would have to decide: "
BEFORE_CUTOVER = "before the cutover"


@dataclass(frozen=True, slots=True)
class Observed:
    """One write that was held back.

    Attributes:
        what: it, as the flow says it: ``create order W-42, 105.00``.
        mails: whether the customer would get an e-mail of it.
    """

    what: str
    mails: bool


def told(observed: Observed, flow: str) -> str:
    """The line in the journal."""
    return f"{PREFIX}{observed.what}{MAILING if observed.mails else ''}{END} {flow}`."


def refused(why: str) -> str:
    """The line in the journal for what would have gone into review, or waited for something else."""
    return f"{REFUSED}{why}"


def is_refused(message: str) -> bool:
    """Whether a line of the journal tells of what would have gone into review."""
    return message.startswith(REFUSED)


def read(message: str) -> Observed | None:
    """What a line of the journal tells; None if it is not about a write that was held back."""
    if not message.startswith(PREFIX):
        return None
    what = message.removeprefix(PREFIX).rpartition(END)[0]
    return Observed(what.removesuffix(MAILING), what.endswith(MAILING))

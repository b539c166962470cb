"""Which changes of a batch pass: judged from the window of those before it, and from what persons have decided.

======================  =============================================================================================
known of the SKU        the change
======================  =============================================================================================
held                    stays in the list of the open hold
approved                passes once, and again within a window (a try that failed); it does not count
rejected                is held again, for a day: whoever said no has not changed their mind
passed in this window   passes, without counting twice
nothing, or too old     joins the open hold; without one it passes if all such changes of the batch fit under the
                        limit, else all of them are held, and the window with them
======================  =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from streams.guards.limits import WINDOW
from streams.ports import Proposed, Standing

DECIDED_FOR = timedelta(days=1)
"""How long a person's decision counts: the stock or price that it was about is read again within an hour."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a SKU's last change.

    Attributes:
        at: when it passed, was held, or was decided on.
        receipt_id: the event that waits in review, if it is held.
        hold: number of the hold that lists it; of one that has just been held, the open one.
    """

    standing: Standing
    at: datetime
    receipt_id: str = ""
    hold: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The last quarter of an hour.

    Attributes:
        passed: SKUs whose change has passed in it and counts.
        held: whether a hold is open.
        marks: of the SKUs that are judged.
    """

    passed: int
    held: bool
    marks: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a batch.

    Attributes:
        marks: the new mark of each SKU. Those that are held are in the open hold.
        carried: SKUs whose event waits in review; of other held ones, an earlier event does.
        opens: whether a hold opens with it.
    """

    marks: Mapping[str, Mark]
    carried: frozenset[str]
    opens: bool


def judge(window: Window, proposed: Sequence[Proposed], allowed: int, now: datetime) -> Ruling:
    """Decide on a batch.

    Args:
        proposed: at most one change of a SKU.
        allowed: most changes that may pass in one window.
    """
    stand = {change.sku: _standing(window.marks.get(change.sku), now) for change in proposed}
    fresh = [sku for sku, standing in stand.items() if standing is None]
    may_pass = not window.held and window.passed + len(fresh) <= allowed
    stand |= dict.fromkeys(fresh, Standing.PASSED if may_pass else Standing.HELD)
    marks, carried = {}, set()
    for change in proposed:
        known, standing = window.marks.get(change.sku), stand[change.sku] or Standing.HELD
        marks[change.sku] = _marked(known, standing, change, now)
        if standing is Standing.HELD and marks[change.sku].receipt_id == change.receipt_id:
            carried.add(change.sku)
    opens = not window.held and Standing.HELD in stand.values()
    return Ruling(marks, frozenset(carried), opens)


def _standing(known: Mark | None, now: datetime) -> Standing | None:
    """How a change stands by what is known of its SKU; None if that decides nothing."""
    if known is None:
        return None
    if known.standing is Standing.HELD:
        return Standing.HELD
    if known.standing in (Standing.PASSED, Standing.USED):
        return known.standing if known.at > now - WINDOW else None
    if known.at <= now - DECIDED_FOR:
        return None
    return Standing.USED if known.standing is Standing.APPROVED else Standing.HELD


def _marked(known: Mark | None, standing: Standing, change: Proposed, now: datetime) -> Mark:
    """The new mark. An event waits for all later ones of its SKU, except for those that it caused itself: it ended."""
    if known is not None and standing is Standing.PASSED and known.standing is standing and known.at > now - WINDOW:
        return replace(known, at=now, receipt_id=change.receipt_id)
    if known is not None and known.standing is Standing.APPROVED and standing is Standing.USED:
        return replace(known, standing=standing, at=now, receipt_id=change.receipt_id)
    if known is None or known.standing is not standing or standing is Standing.PASSED:
        return Mark(standing, now, change.receipt_id)
    caused = change.receipt_id.startswith(f"{known.receipt_id}.")
    return replace(known, receipt_id=change.receipt_id) if caused else known

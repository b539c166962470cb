"""What Magento's sources hold against what the formula says that they shall hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas.canonical import LocationLevel
from schemas.ids import Ref
from streams.inventory.formula import NO_BUFFERS, Formula, source_quantities
from streams.inventory.table import SkuState
from streams.reconcile.drift import PIECES, Comparison, Drift, ReadAgain, Subject

TARGET = Decimal("0.999")
"""The share of pairs that should be right."""


@dataclass(frozen=True, slots=True)
class SkuSeen:
    """One SKU of the point of sale, with all that both systems told of it at one time.

    Attributes:
        pos_sku, web_sku: its name in each; an alias makes them differ.
        levels: of every location.
        state: what web orders hold of it.
        held: quantity of each source that has a row for it in the web store.
    """

    pos_sku: str
    web_sku: str
    levels: Sequence[LocationLevel]
    state: SkuState = field(default_factory=SkuState)
    held: Mapping[str, Decimal] = field(default_factory=dict)

    def moved_after(self, moment: datetime) -> bool:
        """Whether a level or an order of it changed later than that."""
        told = [level.updated_at for level in self.levels if level.updated_at is not None]
        told += [units.last_at for units in self.state.orders.values()]
        return any(at > moment for at in told)


def compare_stock(
    skus: Sequence[SkuSeen],
    sources: Mapping[str, str],
    *,
    pos: str,
    web: str,
    settled_before: datetime,
    buffers: Mapping[str, Decimal] = NO_BUFFERS,
    formula: Formula = source_quantities,
) -> Comparison:
    """Compare every (SKU, source) pair with the formula.

    Args:
        skus: that both systems have.
        sources: location -> source, of the channels between the two.
        pos, web: names of the connections.
        settled_before: a SKU that changed later than this is not judged.
        buffers: pieces by location that are not offered online.
        formula: as the web store keeps its stock.
    """
    drifts: list[Drift] = []
    compared = moving = 0
    for sku in skus:
        quantities = {level.location: level for level in formula(sku.state, sku.levels, buffers)}
        pairs = [(sources[place], one.quantity) for place, one in quantities.items() if place in sources]
        if sku.moved_after(settled_before):
            moving += len(pairs)
            continue
        compared += len(pairs)
        drifts += [_drift(sku, pos, web, *pair) for pair in pairs if sku.held.get(pair[0]) != pair[1]]
    return Comparison(
        Subject.STOCK,
        compared + moving,
        tuple(sorted(drifts, key=lambda drift: drift.name)),
        moving,
        (_accuracy_told(compared, len(drifts)),),
    )


def accuracy(compared: int, wrong: int) -> Decimal:
    """The share of pairs that equal the formula, of those that could be judged; 1 if none could."""
    return Decimal(compared - wrong) / compared if compared else Decimal(1)


def _accuracy_told(compared: int, wrong: int) -> str:
    share = accuracy(compared, wrong)
    told = f"stock accuracy {share:.3%} of {compared} pairs of SKU and source (target {TARGET:.1%})"
    return told if share >= TARGET else f"{told}: below the target"


def _drift(sku: SkuSeen, pos: str, web: str, source: str, wanted: Decimal) -> Drift:
    held = sku.held.get(source)
    return Drift(
        name=f"{sku.web_sku} at {source}",
        what="missing" if held is None else "quantity",
        web="" if held is None else f"{held:f}",
        pos=f"{wanted:f}",
        amount=abs(wanted - (held or Decimal(0))),
        unit=PIECES,
        again=ReadAgain(pos, "heartland", "inventory", sku.pos_sku, forget=(web, Ref(pos, "sku", sku.pos_sku))),
    )

"""The balance at the demo's end: printed for people, written as JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from app.balance.show import counts, show_equations
from app.balance.take import Balance
from app.demo.audit.findings import Audit, Entity, EntityAudit

FINDINGS_SHOWN = 40
SHOP_SHOWN = 5
VERDICTS = ("lost", "doubled", "different")


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the demo measured.

    Attributes:
        kafka: version and where it ran.
        seconds: how long the shop traded.
        drained: False if the pipe was not empty in time.
        review_problems: what is in review and should not be, or the reverse.
        faults: system -> fault -> times fired.
        blows: what the demo did to its own workers.
        latency_ms: ``p50``, ``p95``, ``p99`` from receipt to effect.
        shop_met: what its people were refused.
    """

    kafka: str
    seconds: float
    audit: Audit
    balance: Balance
    drained: bool
    review_problems: list[str]
    faults: Mapping[str, Mapping[str, int]]
    blows: Sequence[str]
    latency_ms: Mapping[str, float]
    shop_met: Sequence[str] = ()

    @property
    def clean(self) -> bool:
        """True if nothing is lost, doubled or different, and every receipt and its children are explained."""
        return self.audit.balanced and self.drained and not self.review_problems and self.balance.holds

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        audit, equations = self.audit, self.balance.equations
        document = {
            "kafka": self.kafka,
            "seconds": round(self.seconds, 1),
            "orders": {
                "placed": audit.placed,
                "in_target": audit.in_target,
                **_verdicts(audit.entities[Entity.ORDERS]),
            },
            "entities": {entity.value: _figures(found) for entity, found in audit.entities.items()},
            "shop_met": list(self.shop_met),
            "receipts": _keyed(counts(equations.receipts)),
            "children": _keyed(counts(equations.children)),
            "faults": dict(sum((Counter(fired) for fired in self.faults.values()), Counter())),
            "faults_by_system": {system: dict(fired) for system, fired in self.faults.items()},
            "blows": list(self.blows),
            "latency_ms": dict(self.latency_ms),
            "drained": self.drained,
            "clean": self.clean,
        }
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def show(self, console: Console) -> None:
        """Print it."""
        audit = self.audit
        absent = audit.placed - audit.in_target - audit.entities[Entity.ORDERS].count("lost")
        title = f"The balance: {audit.placed} web orders, {audit.in_target} in the point of sale, {absent} rightly not"
        table = Table(title=title, title_justify="left")
        table.add_column("")
        for name in ("done by the shop", "compared", *VERDICTS):
            table.add_column(name, justify="right")
        for entity, found in audit.entities.items():
            verdicts = (str(found.count(verdict)) for verdict in VERDICTS)
            table.add_row(entity.value, str(found.did), str(found.compared), *verdicts)
        console.print(table)
        show_equations(console, self.balance)
        self._show_faults(console)
        for problem in self.shop_met[:SHOP_SHOWN]:
            console.print(f"the shop met: {problem[:200]}", highlight=False)
        for problem in self._problems():
            console.print(f"[red]✗[/red] {problem}", highlight=False)
        verdict = "[green]balanced[/green]" if self.clean else "[red]NOT balanced[/red]"
        told = "  ".join(f"{name} {value:.0f} ms" for name, value in self.latency_ms.items())
        console.print(f"{verdict}; receipt to effect {told}")

    def _show_faults(self, console: Console) -> None:
        names = sorted({name for fired in self.faults.values() for name, count in fired.items() if count})
        if names:
            table = Table("", title="The faults", title_justify="left")
            for system in self.faults:
                table.add_column(system, justify="right")
            for name in names:
                table.add_row(name, *(str(fired.get(name, 0)) for fired in self.faults.values()))
            console.print(table)
        for blow in self.blows:
            console.print(f"the demo {blow}", highlight=False)

    def _problems(self) -> list[str]:
        found = [
            f"{entity.value}: {finding.verdict}: {finding.subject}: {finding.detail}"
            for entity, audited in self.audit.entities.items()
            for finding in audited.findings
        ]
        if not self.drained:
            found.append("the pipe was not empty in time")
        return [*found[:FINDINGS_SHOWN], *self.review_problems]


def _verdicts(found: EntityAudit) -> dict[str, int]:
    return {verdict: found.count(verdict) for verdict in VERDICTS}


def _figures(found: EntityAudit) -> dict[str, int]:
    return {"did": found.did, "compared": found.compared, **_verdicts(found)}


def _keyed(counted: Mapping[str, int]) -> dict[str, int]:
    return {name.replace(" ", "_"): count for name, count in counted.items()}


def percentiles(milliseconds: list[float]) -> dict[str, float]:
    """p50, p95 and p99 of some latencies; zeros if there are none."""
    ordered = sorted(milliseconds)
    if not ordered:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    last = len(ordered) - 1
    return {f"p{share}": round(ordered[round(last * share / 100)], 1) for share in (50, 95, 99)}

"""Asking every query of every panel until each has returned data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.dashboards.boards import Asked, variables_asked
from tests.dashboards.prometheus import Prometheus


@dataclass(slots=True)
class Proof:
    """What has been answered so far.

    Attributes:
        open: queries and variables that have returned nothing yet.
        answered: what the others returned when they first did.
    """

    open: list[Asked]
    answered: dict[Asked, Sequence[float]] = field(default_factory=dict)
    empty_variables: list[str] = field(default_factory=list)

    async def look(self, server: Prometheus) -> bool:
        """Ask what is open. True if nothing is any more. Raises QueryRefused."""
        for query in list(self.open):
            values = await server.numbers(query.sent)
            if values:
                self.answered[query] = values
                self.open.remove(query)
        self.empty_variables = [
            f"{board}: variable of {label}"
            for board, label, series in variables_asked()
            if not await server.label_values(label, series)
        ]
        return not self.open and not self.empty_variables

    def lines(self) -> list[str]:
        """One line a query: how many series it returned and their sum; then what returned nothing."""
        told = [f"  {query}: {len(values)} series, sum {sum(values):.6g}" for query, values in self.answered.items()]
        missing = [f"  NO DATA {query}: {query.sent}" for query in self.open]
        missing += [f"  NO DATA {variable}" for variable in self.empty_variables]
        panels = {(query.board, query.panel) for query in self.answered}
        return [
            *told,
            *missing,
            f"{len(self.answered)} queries of {len(panels)} panels returned data, {len(missing)} none",
        ]

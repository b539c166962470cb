"""The last result of each check, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from streams.errors import Unavailable
from streams.ports import CheckResult


class MemoryChecks:
    """Implements `streams.ports.Checks`."""

    def __init__(self) -> None:
        self.rows: dict[str, CheckResult] = {}
        self.down = False

    async def keep(self, result: CheckResult) -> None:
        if self.down:
            raise Unavailable("the store does not answer")
        last = self.rows.get(result.check)
        if last is None or last.ended_at <= result.ended_at:
            self.rows[result.check] = result

    async def last(self) -> Sequence[CheckResult]:
        return [self.rows[check] for check in sorted(self.rows)]

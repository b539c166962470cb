"""What a check by a command has found is kept for the metrics."""

from __future__ import annotations

from dataclasses import replace

import typer

from streams.errors import TillstreamError
from streams.ports import CheckResult, Checks


async def keep_result(checks: Checks, result: CheckResult, *, whole: bool = True) -> None:
    """Keep how a check ended. A store that does not take it changes nothing about the check, and is told.

    Args:
        checks: where it is kept.
        result: how it ended.
        whole: False if the check looked at a part only. One that found nothing there does not take back what an
            earlier one found elsewhere.
    """
    try:
        before = next((last for last in await checks.last() if last.check == result.check), None)
        if not whole and not result.failed and before is not None and before.failed:
            _aside(
                f"The metrics still tell what an earlier {result.check} check found, for this one looked at a part: "
                "run it without --since and --day when that is mended"
            )
            result = replace(before, ended_at=result.ended_at)
        await checks.keep(result)
    except TillstreamError as error:
        _aside(f"The result was not kept for the metrics: {error}")


def _aside(text: str) -> None:
    """Beside what the command prints, which a program may read."""
    typer.echo(text, err=True)

"""``tillstream topics create|list``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from app.kafka_admin import TopicReport, TopicState, compare_topics, create_topics, topic_sizes
from app.settings import Settings


async def create(settings: Settings) -> int:
    """Create what is missing. Returns 1 if a topic differs from its declaration."""
    reports = await create_topics(settings.kafka)
    console = Console(soft_wrap=True)
    for report in reports:
        console.print(f"{report.name:<26} {report.state}", highlight=False)
    _tell_prefix(console, settings)
    return _tell_differences(console, reports)


async def show(settings: Settings) -> int:
    """List the declared topics. Returns 1 if one is missing or differs."""
    reports = await compare_topics(settings.kafka)
    sizes = {size.name: size for size in await topic_sizes(settings.kafka)}
    table = Table("topic", "partitions", "records", "last offsets", "state", box=None, header_style="bold")
    for report in reports:
        size = sizes.get(report.name)
        numbers = (str(size.partitions), str(size.records), _offsets(size.last)) if size else ("-", "-", "-")
        table.add_row(report.name, *numbers, report.state)
    console = Console(soft_wrap=True)
    console.print(table)
    _tell_prefix(console, settings)
    missing = [report.name for report in reports if report.state is TopicState.MISSING]
    if missing:
        console.print(f"\n{len(missing)} missing: `tillstream topics create` creates them.", highlight=False)
    return _tell_differences(console, reports) or int(bool(missing))


def _tell_prefix(console: Console, settings: Settings) -> None:
    if settings.kafka.topic_prefix:
        console.print(f"\nIn Kafka each name begins with {settings.kafka.topic_prefix}", highlight=False, markup=False)


def _offsets(offsets: Iterable[int]) -> str:
    return " ".join(map(str, offsets))


def _tell_differences(console: Console, reports: Sequence[TopicReport]) -> int:
    differing = [report for report in reports if report.differences]
    for report in differing:
        console.print(f"\n{report.name} is not as declared:", highlight=False)
        for difference in report.differences:
            console.print(
                f"  {difference.what}: declared {difference.declared}, found {difference.found}; to mend:\n"
                f"    {difference.mend}",
                highlight=False,
                markup=False,
            )
    return int(bool(differing))

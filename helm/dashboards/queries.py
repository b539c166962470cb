"""PromQL as the panels ask it: every query stays inside the chosen installations.

What every process of a group tells alike (held events, oversells) is taken once per role, by the label ``role`` of the
scrape; what each tells of itself is added up.
"""

from __future__ import annotations

SCOPE = 'namespace=~"$namespace"'
OF_TARGET, OF_FLOW, OF_ROLE = 'target=~"$target"', 'flow=~"$flow"', 'role=~"$role"'
OF_CONNECTION = 'connection=~"$target"'
"""A target is a connection; what is told of systems, not of targets, carries this label."""

By = tuple[str, ...]


def series(metric: str, *matchers: str) -> str:
    """A metric of the chosen installations, where also those matchers hold."""
    return f"{metric}{{{', '.join((SCOPE, *matchers))}}}"


def total(metric: str, *matchers: str, by: By = ()) -> str:
    """A gauge of which each process tells its own part."""
    return f"sum{_by(by)}({series(metric, *matchers)})"


def highest(metric: str, *matchers: str, by: By = ()) -> str:
    """The highest that any process tells."""
    return f"max{_by(by)}({series(metric, *matchers)})"


def lowest(metric: str, *matchers: str, by: By = ()) -> str:
    """The lowest that any process tells."""
    return f"min{_by(by)}({series(metric, *matchers)})"


def agreed(metric: str, *matchers: str, of: By, by: By = ()) -> str:
    """A gauge that every process of a role tells alike for all of them, by the labels ``of``; added up over those."""
    return f"sum{_by(by)}(max by ({', '.join(('namespace', 'role', *of))}) ({series(metric, *matchers)}))"


def rate(counter: str, *matchers: str, by: By = ()) -> str:
    """How fast a counter grows, in a second."""
    return f"sum{_by(by)}(rate({series(counter, *matchers)}[$__rate_interval]))"


def grown(counter: str, *matchers: str, by: By = ()) -> str:
    """How much a counter grew in the time that the dashboard shows."""
    return f"sum{_by(by)}(increase({series(counter, *matchers)}[$__range]))"


def quantile(share: float, histogram: str, *matchers: str, by: By = ()) -> str:
    """The bound below which that share of a histogram's observations lies."""
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', *matchers, by=(*by, 'le'))})"


def or_zero(query: str) -> str:
    """0 where nothing has happened yet: a counter with labels shows only once it has counted."""
    return f"{query} or on() vector(0)"


def _by(labels: By) -> str:
    return f" by ({', '.join(labels)}) " if labels else " "

"""searchCriteria: the query of Magento's list routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Query = Sequence[tuple[str, str]]

MOST_CONDITIONS = 10
"""Groups, filters and sorts of one request. Magento sorts signed parameters with PHP's natural order and oauthlib by
bytes; the two part company where one index has two digits."""


@dataclass(frozen=True, slots=True)
class Where:
    """One condition: ``Where("sku", "in", "A,B")``."""

    field: str
    condition: Literal["eq", "neq", "gt", "gteq", "lt", "lteq", "in", "nin", "like", "null", "notnull"]
    value: str


@dataclass(frozen=True, slots=True)
class Search:
    """What a list route is asked for.

    Attributes:
        groups: all of them must hold; of the conditions in one, any.
        sort: fields, ascending; without a direction Magento sorts descending.
        page_size: rows in a page; always given, since without it Magento answers everything.
        page: from 1.
        fields: trims the answer (``items[sku],total_count``); empty answers everything. A trimmed list without rows
            has ``items: null``.
    """

    groups: tuple[tuple[Where, ...], ...] = ()
    sort: tuple[str, ...] = ()
    page_size: int = 100
    page: int = 1
    fields: str = ""

    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query, not yet encoded. Raises ValueError beyond `MOST_CONDITIONS`."""
        if any(len(part) > MOST_CONDITIONS for part in (self.groups, self.sort, *self.groups)):
            raise ValueError(f"more than {MOST_CONDITIONS} conditions in one search")
        pairs = [pair for index, group in enumerate(self.groups) for pair in _group(index, group)]
        for index, field in enumerate(self.sort):
            name = f"searchCriteria[sortOrders][{index}]"
            pairs += [(f"{name}[field]", field), (f"{name}[direction]", "ASC")]
        pairs.append(("searchCriteria[pageSize]", str(self.page_size)))
        pairs.append(("searchCriteria[currentPage]", str(self.page)))
        if self.fields:
            pairs.append(("fields", self.fields))
        return pairs


def moment(value: datetime) -> str:
    """A time as Magento compares it: UTC, whole seconds, no zone."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _group(index: int, group: tuple[Where, ...]) -> list[tuple[str, str]]:
    pairs = []
    for number, where in enumerate(group):
        name = f"searchCriteria[filter_groups][{index}][filters][{number}]"
        pairs += [
            (f"{name}[field]", where.field),
            (f"{name}[condition_type]", where.condition),
            (f"{name}[value]", where.value),
        ]
    return pairs

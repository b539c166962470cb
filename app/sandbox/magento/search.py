"""searchCriteria: filters, sorting and paging of Magento's list routes, and their echo."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.magento.errors import RestError, internal_error, missing

Query = list[tuple[str, str]]
"""The query's pairs, decoded as PHP does."""

KEY = re.compile(r"^search_?criteria((?:\[[^\]]*\])*)$", re.IGNORECASE)
PART = re.compile(r"\[([^\]]*)\]")
UPPER = re.compile(r"(?<!^)([A-Z])")

COMPARISONS = {
    "eq": "=",
    "neq": "!=",
    "gt": ">",
    "gteq": ">=",
    "lt": "<",
    "lteq": "<=",
    "moreq": ">=",
    "from": ">=",
    "to": "<=",
    "like": "LIKE",
    "nlike": "NOT LIKE",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition."""

    field: str
    value: str
    condition: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """What was asked: groups are AND, the filters in one OR."""

    groups: tuple[tuple[Filter, ...], ...] = ()
    sorts: tuple[tuple[str, str], ...] = ()
    page_size: int | None = None
    current_page: int | None = None

    def echo(self) -> dict[str, Any]:
        """``search_criteria`` of the answer."""
        echo: dict[str, Any] = {
            "filter_groups": [
                {
                    "filters": [
                        {"field": item.field, "value": item.value, "condition_type": item.condition} for item in group
                    ]
                }
                for group in self.groups
            ]
        }
        if self.sorts:
            echo["sort_orders"] = [{"field": name, "direction": direction} for name, direction in self.sorts]
        if self.page_size is not None:
            echo["page_size"] = self.page_size
        if self.current_page is not None:
            echo["current_page"] = self.current_page
        return echo


@dataclass(slots=True)
class Table:
    """How a list's fields become SQL.

    Attributes:
        columns: field -> SQL expression.
        numeric: fields that compare as numbers.
        unknown: makes the error for a field that is not there; flat tables crash, EAV ones refuse.
    """

    columns: Mapping[str, str]
    numeric: frozenset[str]
    unknown: Callable[[str], RestError]


def flat_unknown(_field: str) -> RestError:
    """An unknown column of a flat table (orders, invoices, source items) is an SQL error inside."""
    return internal_error()


def eav_unknown(field_name: str) -> RestError:
    """An unknown attribute of an EAV entity (products)."""
    return RestError(400, 'The "%1" attribute name is invalid. Reset the name and try again.', [field_name])


def read_criteria(query: Query, *, required: bool = True) -> Criteria:
    """The searchCriteria of a query string.

    Raises:
        RestError: it is required and not there, or a sort direction is unknown.
    """
    pairs = [(match[1], value) for key, value in query if (match := KEY.match(key))]
    if not pairs:
        if required:
            raise missing("searchCriteria")
        return Criteria()
    tree: dict[str, Any] = {}
    for path, value in pairs:
        _plant(tree, PART.findall(path), value)
    return Criteria(
        groups=tuple(
            tuple(_read_filter(item) for item in _children(group.get("filters")))
            for group in _children(tree.get("filter_groups"))
        ),
        sorts=tuple(_read_sort(item) for item in _children(tree.get("sort_orders"))),
        page_size=_whole(tree.get("page_size"), "pageSize"),
        current_page=_whole(tree.get("current_page"), "currentPage"),
    )


def _plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    """Put a value where PHP puts ``a[b][0][c]=value``."""
    here = tree
    for depth, part in enumerate(path):
        key = UPPER.sub(r"_\1", part).lower() if not part.isdigit() else part
        key = key or str(len(here))
        if depth == len(path) - 1:
            here[key] = value
            return
        child = here.setdefault(key, {})
        if not isinstance(child, dict):
            return
        here = child


def _children(node: object) -> list[dict[str, Any]]:
    if not isinstance(node, dict):
        return []
    return [child for child in node.values() if isinstance(child, dict)]


def _read_filter(node: dict[str, Any]) -> Filter:
    unknown = set(node) - {"field", "value", "condition_type"}
    if unknown:
        name = "".join(word.capitalize() for word in unknown.pop().split("_"))
        message = '"%fieldName" is not supported. Correct the field name and try again.'
        raise RestError(400, message, {"fieldName": name})
    return Filter(str(node.get("field", "")), str(node.get("value", "")), str(node.get("condition_type", "eq")))


def _read_sort(node: dict[str, Any]) -> tuple[str, str]:
    direction = str(node.get("direction", "DESC")).upper()
    if direction not in ("ASC", "DESC"):
        raise RestError(400, "Sort order direction has to be one of the following: asc, desc")
    return str(node.get("field", "")), direction


def _whole(value: object, name: str) -> int | None:
    if value is None:
        return None
    try:
        return int(float(str(value)))
    except ValueError:
        raise RestError(
            400,
            f'Error occurred during "{name}" processing. The "{value}" value\'s type is invalid.'
            ' The "int" type was expected. Verify and try again.',
        ) from None


@dataclass(slots=True)
class Selection:
    """SQL for a list."""

    where: str
    order: str
    limit: str
    values: list[object] = field(default_factory=list)


def to_sql(criteria: Criteria, table: Table) -> Selection:
    """WHERE, ORDER BY and LIMIT of what was asked. Raises the table's error for a field that it does not have."""
    values: list[object] = []
    groups = [
        f"({' OR '.join(_condition(item, table, values) for item in group)})" for group in criteria.groups if group
    ]
    order = ", ".join(f"{_column(name, table)} {direction}" for name, direction in criteria.sorts)
    limit = ""
    if criteria.page_size is not None and criteria.page_size > 0:
        page = max(1, criteria.current_page or 1)
        limit = f" LIMIT {criteria.page_size} OFFSET {(page - 1) * criteria.page_size}"
    return Selection(
        where=f" WHERE {' AND '.join(groups)}" if groups else "",
        order=f" ORDER BY {order}" if order else "",
        limit=limit,
        values=values,
    )


def _column(name: str, table: Table) -> str:
    if name not in table.columns:
        raise table.unknown(name)
    return table.columns[name]


def _condition(item: Filter, table: Table, values: list[object]) -> str:
    column = _column(item.field, table)
    if item.condition in ("null", "notnull"):
        return f"{column} IS {'NOT ' if item.condition == 'notnull' else ''}NULL"
    if item.condition in ("in", "nin"):
        parts = item.value.split(",")
        values.extend(_comparable(part, item.field, table) for part in parts)
        marks = ", ".join("?" * len(parts))
        return f"{column} {'NOT ' if item.condition == 'nin' else ''}IN ({marks})"
    if item.condition in ("finset", "nfinset"):
        values.append(item.value)
        found = f"instr(',' || {column} || ',', ',' || ? || ',')"
        return f"{found} {'>' if item.condition == 'finset' else '='} 0"
    values.append(_comparable(item.value, item.field, table))
    return f"{column} {COMPARISONS.get(item.condition, '=')} ?"


def _comparable(value: str, name: str, table: Table) -> object:
    """A value as MySQL compares it with the column: a text that is no number counts as 0."""
    if name not in table.numeric:
        return value
    try:
        return float(value)
    except ValueError:
        return 0

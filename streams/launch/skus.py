"""Which SKUs both systems know, by the same name or by one that is near. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class SkuKind(StrEnum):
    """What a line of the report says."""

    EXACT = "exact"
    ALIAS = "alias"
    """Named by somebody."""
    NEAR = "near"
    """The same but for case, space or leading zeros."""
    BARCODE = "barcode"
    """One system's SKU is the other's barcode."""
    DUPLICATE = "duplicate"
    """Several of one system are near the same one: a person must choose."""
    WEB_ONLY = "web_only"
    POS_ONLY = "pos_only"


@dataclass(frozen=True, slots=True)
class SkuRow:
    """One line; a side that has none is empty."""

    kind: SkuKind
    web: str
    pos: str


@dataclass(frozen=True, slots=True)
class Article:
    """A SKU, with its barcode if it has one."""

    sku: str
    barcode: str = ""


def compare_skus(web: Iterable[Article], pos: Iterable[Article], aliases: Mapping[str, str]) -> list[SkuRow]:
    """Every SKU of both systems, sorted by kind and name; each pair once.

    Args:
        web, pos: all articles of each system.
        aliases: the point of sale's SKU by the web store's.
    """
    webs, points = {one.sku: one for one in web}, {one.sku: one for one in pos}
    rows: list[SkuRow] = []

    def take(kind: SkuKind, one: str, other: str) -> None:
        rows.append(SkuRow(kind, one, other))
        webs.pop(one, None)
        points.pop(other, None)

    for one, other in aliases.items():
        if one in webs and other in points:
            take(SkuKind.ALIAS, one, other)
    for sku in sorted(webs.keys() & points.keys()):
        take(SkuKind.EXACT, sku, sku)
    for kind, mine, theirs in (
        (SkuKind.NEAR, _by(webs.values(), _near), _by(points.values(), _near)),
        (SkuKind.BARCODE, _by(webs.values(), _code), _by(points.values(), _code)),
    ):
        for key in sorted(mine.keys() & theirs.keys()):
            ones = [sku for sku in mine[key] if sku in webs]
            others = [sku for sku in theirs[key] if sku in points]
            if len(ones) == len(others) == 1:
                take(kind, ones[0], others[0])
            elif ones and others:
                for number in range(max(len(ones), len(others))):
                    take(SkuKind.DUPLICATE, _at(ones, number), _at(others, number))
    rows += [SkuRow(SkuKind.WEB_ONLY, sku, "") for sku in webs]
    rows += [SkuRow(SkuKind.POS_ONLY, "", sku) for sku in points]
    return sorted(rows, key=lambda row: (list(SkuKind).index(row.kind), row.web, row.pos))


def counted(rows: Iterable[SkuRow]) -> Mapping[SkuKind, int]:
    """How many lines there are of each kind."""
    counts: dict[SkuKind, int] = dict.fromkeys(SkuKind, 0)
    for row in rows:
        counts[row.kind] += 1
    return counts


def _by(articles: Iterable[Article], keys_of: Callable[[Article], Sequence[str]]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for article in articles:
        for key in dict.fromkeys(filter(None, keys_of(article))):
            found[key].append(article.sku)
    return found


def _near(article: Article) -> Sequence[str]:
    return ("".join(article.sku.split()).casefold().lstrip("0"),)


def _code(article: Article) -> Sequence[str]:
    return article.sku, article.barcode


def _at(skus: Sequence[str], number: int) -> str:
    return skus[number] if number < len(skus) else ""

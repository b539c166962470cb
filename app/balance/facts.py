"""Facts about ids, sorted on disk: millions of them take no more memory than some."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from app.balance.sets import Fact, Seen
from streams.ports import Outcome

CACHE_KIB = 32 * 1024
"""Memory for what is gathered, and again for sorting it; the rest goes to a file without a name, gone at the end."""

_FACTS: dict[str, Fact] = {fact.value: fact for fact in (*Seen, *Outcome)}


class SortedFacts:
    """Gathers facts in any order, and gives them sorted by id. A context manager.

    Args:
        only: ids that matter; all of them if not given.
    """

    def __init__(self, only: frozenset[str] | None = None) -> None:
        self._only = only
        self._database = sqlite3.connect("")
        self._database.executescript(
            f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA journal_mode = OFF; CREATE TABLE facts (id BLOB, fact TEXT)"
        )

    def add(self, facts: Iterable[tuple[str, Fact]]) -> None:
        """Take some facts in."""
        only = self._only
        wanted = ((_stored(one), fact.value) for one, fact in facts if only is None or one in only)
        self._database.executemany("INSERT INTO facts VALUES (?, ?)", wanted)

    def first(self, seen: Seen) -> str | None:
        """The lowest id that was seen there; None if there is none."""
        (found,) = self._database.execute("SELECT min(id) FROM facts WHERE fact = ?", (seen.value,)).fetchone()
        return None if found is None else found.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[tuple[str, Fact]]:
        for one, fact in self._database.execute("SELECT id, fact FROM facts ORDER BY id"):
            yield one.decode("utf-8", "surrogatepass"), _FACTS[fact]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()


def _stored(receipt_id: str) -> bytes:
    """An id as bytes, whatever a sender has put into it."""
    return receipt_id.encode("utf-8", "surrogatepass")

"""How large the shop is: its places at the point of sale, its websites, and which stock serves which website."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.sandbox.catalogue import MAIN, SOURCES, STORE2

DEFAULT_STOCK = 1
"""Magento's own stock. It has the source ``default`` and no other, and no other stock has that source."""
DEFAULT_SOURCE = "default"


@dataclass(frozen=True, slots=True)
class Website:
    """One website with one store view.

    Attributes:
        website_id: also the id of its store group.
        store_id, store_code: of the store view; the code stands in REST paths.
        stock_id: the stock that serves the website.
    """

    website_id: int
    code: str
    name: str
    store_id: int
    store_code: str
    store_name: str
    stock_id: int
    time_zone: str

    @property
    def full_name(self) -> str:
        """``store_name`` of an order: website, store group and store view."""
        return f"{self.name}\n{self.name} Store\n{self.store_name}"


@dataclass(frozen=True, slots=True)
class Premises:
    """What both sandboxes have to agree on.

    Attributes:
        sources: Heartland location -> Magento source; the locations of the account are its keys.
        websites: the first one is Magento's default.
        stocks: stock id -> its sources, the one of the highest priority first.
    """

    sources: Mapping[str, str]
    websites: tuple[Website, ...]
    stocks: Mapping[int, tuple[str, ...]]

    @property
    def locations(self) -> tuple[str, ...]:
        """Locations of the Heartland account."""
        return tuple(self.sources)

    @property
    def source_codes(self) -> tuple[str, ...]:
        """Every source that Magento has, its own ``default`` first."""
        return tuple(dict.fromkeys((DEFAULT_SOURCE, *self.sources.values())))

    @property
    def stores(self) -> Mapping[int, Website]:
        """Website by the id of its store view."""
        return {website.store_id: website for website in self.websites}

    @property
    def store_ids(self) -> Mapping[str, int]:
        """Store view's id by its code."""
        return {website.store_code: website.store_id for website in self.websites}

    @property
    def default_store(self) -> int:
        """The store view that a path without a code means."""
        return self.websites[0].store_id

    def website_of(self, store_id: int) -> Website:
        """The website of a store view; the default one for a store view that is not there (any more)."""
        return self.stores.get(store_id, self.websites[0])


def _main_website(stock_id: int) -> Website:
    return Website(1, "base", "Main Website", 1, "default", "Default Store View", stock_id, "America/Chicago")


OUTLET = Website(2, "outlet", "Outlet Website", 4, "outlet_en", "Outlet English", 3, "America/New_York")
"""Its numbers are all different, so that none of them is mistaken for another."""


class Size(StrEnum):
    """A shop to start a sandbox with; both sandboxes of one shop take the same."""

    SINGLE_SOURCE = "single-source"
    """One location; the website sells from the default stock, as Magento comes."""
    SMALL = "small"
    """One website, two locations."""
    LARGE = "large"
    """Two websites with a stock each, six locations, three to a stock."""

    @property
    def premises(self) -> Premises:
        """What that means."""
        return _PREMISES[self]


_PREMISES = {
    Size.SINGLE_SOURCE: Premises(
        {MAIN: DEFAULT_SOURCE}, (_main_website(DEFAULT_STOCK),), {DEFAULT_STOCK: (DEFAULT_SOURCE,)}
    ),
    Size.SMALL: Premises(
        {MAIN: "main", STORE2: "store2"},
        (_main_website(2),),
        {DEFAULT_STOCK: (DEFAULT_SOURCE,), 2: ("main", "store2")},
    ),
    Size.LARGE: Premises(
        SOURCES,
        (_main_website(2), OUTLET),
        {
            DEFAULT_STOCK: (DEFAULT_SOURCE,),
            2: ("main", "store2", "store3"),
            OUTLET.stock_id: ("store4", "store5", "store6"),
        },
    ),
}

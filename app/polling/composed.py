"""Which feeds there are: the lists of all connections that a flow takes."""

from __future__ import annotations

from collections.abc import Collection

from app.polling import feeds
from app.polling.feeds import ListFeed
from app.polling.gaps import Watched
from app.polling.polls import snapshot_name
from app.settings import PollingSettings
from app.systems import Systems


def feeds_of(polling: PollingSettings, systems: Systems, sources: Collection[tuple[str, str]]) -> list[ListFeed]:
    """Every list whose rows a flow takes.

    Args:
        polling: says how many rows a page has.
        systems: the connectors.
        sources: system and entity of every flow.
    """
    size = polling.page_size
    magento = [
        feeds.magento_feed(name, entity, lists, size)
        for name, web in systems.webs.items()
        for entity, lists in web.lists.items()
    ]
    transactions = [
        feeds.magento_transactions(name, web.transactions.list_transactions, size) for name, web in systems.webs.items()
    ]
    heartland = [
        feeds.heartland_feed(name, entity, lists, size)
        for name, pos in systems.points_of_sale.items()
        for entity, lists in pos.lists.items()
    ]
    return feeds.taken([*magento, *transactions, *heartland], sources)


def snapshots(lists: Collection[ListFeed]) -> list[ListFeed]:
    """Those that are also read whole from time to time: Heartland's stock."""
    return [feed for feed in lists if (feed.system, feed.entity) == ("heartland", "inventory")]


def watched(polling: PollingSettings, lists: Collection[ListFeed]) -> list[Watched]:
    """How often each feed is read, snapshots under a name of their own."""
    found = [Watched(feed.name, polling.interval_seconds) for feed in lists]
    if polling.snapshot_minutes:
        period = polling.snapshot_minutes * 60.0
        found += [Watched(snapshot_name(feed.name), period) for feed in snapshots(lists)]
    return found

"""The pipeline that a normalise worker is measured against, on Quix Streams.

``python -m tests.bench.quix_baseline PREFIX``, with the settings of a worker.

The same as in our worker: the raw topic and its records; the whole of `streams.normalize.normalizer` (JSON, mapping,
money, validation, the channel, the hints, JSON out), called as it is; one look-up of the order's SKUs in the same
table for every order; every record that comes out, with its key and headers; ``acks=all`` and an idempotent producer;
at-least-once.

Not the same, in favour of Quix: no journal (we write a line for every order and wait until PostgreSQL has it on
disk); a checkpoint only every five seconds, its own default (after a crash it would repeat that much); no holding,
retrying or dead letters; the fastest driver for one query at a time, psycopg with a prepared statement, which takes
half the processor time of asyncpg there. Not the same, in favour of ours: many of our look-ups share a query, because
our lanes work side by side, and Quix Streams works on one record after the other.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Coroutine, Iterable, Mapping
from typing import Any

import psycopg
from quixstreams import Application
from quixstreams.models import SerializationContext, Serializer

from app.settings import Settings
from schemas.envelope import Envelope
from schemas.ids import Ref
from streams.channels import Channels
from streams.engine import Engine, load
from streams.normalize.normalizer import Normalized, Normalizer
from streams.ports import Outgoing, Record
from streams.topics import CANONICAL_SALE, HINT_STOCK, raw

GROUP = "bench.quix"
RAW = raw("magento", "order")
_FIND = "SELECT ref, counterpart FROM links WHERE connection = %s AND ref = ANY(%s)"

Headers = Iterable[tuple[str, bytes]]


class Links:
    """The look-up of `streams.ports.Links`, on a connection that blocks."""

    def __init__(self, url: str) -> None:
        self._cursor = psycopg.connect(url, autocommit=True).cursor()

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        """The counterparts in ``connection``; nothing in here ever waits for an event loop."""
        self._cursor.execute(_FIND, (connection, [str(ref) for ref in refs]), prepare=True)
        return {Ref.parse(ref): Ref.parse(counterpart) for ref, counterpart in self._cursor.fetchall()}

    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        """Never asked for by the normalizer."""
        raise AssertionError("the normalizer inserts no links")


class ValueOfOutgoing(Serializer):  # type: ignore[misc] # quixstreams is not followed by mypy
    """The record's own bytes; they are JSON already."""

    def __call__(self, value: Outgoing, ctx: SerializationContext) -> bytes:
        return value.value


def settled(coroutine: Coroutine[Any, Any, Normalized]) -> Normalized:
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Normalized = end.value
        return result
    raise RuntimeError("the normalizer waited for something")


def run(settings: Settings, prefix: str) -> None:
    """Run until SIGTERM; ``prefix`` stands before the names of the topics that it writes."""
    engine = Engine(load(settings.flows_directory))
    links = Links(settings.store.url.get_secret_value())
    normalizer = Normalizer(engine, Channels(settings.channels.values()), links, {}, settings.systems)
    app = Application(
        broker_address=settings.kafka.bootstrap_servers,
        consumer_group=GROUP,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel="WARNING",
        state_dir=".tillstream/bench/quix",
    )
    outputs = {
        name: app.topic(prefix + name, value_serializer=ValueOfOutgoing()) for name in (CANONICAL_SALE, HINT_STOCK)
    }

    def normalize(value: bytes, key: bytes, timestamp: int, headers: Headers) -> Iterable[Outgoing]:
        envelope = Envelope.from_headers(headers)
        record = Record(RAW, 0, 0, key, value, tuple(headers), timestamp)
        return settled(normalizer.normalize(record, envelope)).outgoing

    orders = app.dataframe(app.topic(RAW, value_deserializer="bytes"))
    orders = orders.apply(normalize, expand=True, metadata=True)
    orders = orders.set_headers(lambda outgoing, *_: list(outgoing.headers))
    orders.to_topic(lambda outgoing, *_: outputs[outgoing.topic], key=lambda outgoing: outgoing.key)
    app.run()


if __name__ == "__main__":
    run(Settings.load(), sys.argv[1])

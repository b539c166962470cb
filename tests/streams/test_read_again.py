"""A hint of our own, that lets an entity be read again."""

from __future__ import annotations

from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.engine import load
from streams.read_again import asked_again
from tests.twins.kafka import envelope

(KEYS, *_) = (intake.keys for intake in load().taking("heartland", "order"))


def test_what_is_asked_again_is_a_hint_of_the_source_that_belongs_to_no_flow_yet() -> None:
    told = envelope("r1", connection="pos", entity="order_status", flow="order_status", native_id="9", subject="W-42")
    hint = asked_again(told, KEYS, Ref("shop", "order", "17"))
    assert (hint.topic, hint.key, hint.value) == ("raw.heartland.order", b"shop:17", b'{"OrderID":"17"}')
    assert Envelope.from_headers(hint.headers) == Envelope(
        receipt_id="r1.r",
        connection="shop",
        system="heartland",
        entity="order",
        native_id="17",
        received_ms=told.received_ms,
        via=Via.READ_AGAIN,
        subject="W-42",
    )

"""Envelopes survive Kafka headers, and children keep their root."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import (
    SCHEMA_VERSION,
    Backfill,
    Envelope,
    EnvelopeError,
    Kind,
    Via,
    receipt_id,
    received_ms_of,
    root_of,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ENVELOPE = Envelope("r0", "web", "magento", "order", "42", 1_700_000_000_000, subject="000000042", flow="order")


@given(
    st.builds(
        Envelope,
        receipt_id=TEXT,
        connection=TEXT,
        system=TEXT,
        entity=TEXT,
        native_id=TEXT,
        received_ms=st.integers(0, 2**53),
        via=st.sampled_from(Via),
        kind=st.sampled_from(Kind),
        subject=TEXT,
        flow=TEXT,
        backfill=st.none() | st.builds(Backfill, flow=TEXT, since_ms=st.integers(0, 2**45)),
        known=TEXT,
        schema_version=st.integers(1, 9),
    )
)
def test_an_envelope_survives_its_headers(envelope: Envelope) -> None:
    assert Envelope.from_headers(envelope.to_headers()) == envelope


def test_headers_may_be_a_mapping_with_more_in_it() -> None:
    headers = dict(ENVELOPE.to_headers()) | {"traceparent": b"00-1"}
    assert Envelope.from_headers(headers) == ENVELOPE


def test_what_is_not_known_yet_may_be_missing() -> None:
    headers = {name: value for name, value in ENVELOPE.to_headers() if name not in {"subject", "flow"}}
    assert Envelope.from_headers(headers) == replace(ENVELOPE, subject="", flow="")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("receipt-id", None, "the header 'receipt-id' is missing"),
        ("received-ms", b"soon", "a header is unreadable"),
        ("via", b"pigeon", "'pigeon' is not a valid Via"),
        ("schema-version", b"\xff", "a header is unreadable"),
    ],
)
def test_wrong_headers_are_named(name: str, value: bytes | None, problem: str) -> None:
    headers = dict(ENVELOPE.to_headers())
    del headers[name]
    if value is not None:
        headers[name] = value
    with pytest.raises(EnvelopeError, match=problem):
        Envelope.from_headers(headers)


def test_a_child_keeps_root_and_clock_and_is_none_of_the_doors() -> None:
    child = ENVELOPE.child("s0", entity="stock_hint", native_id="MUG")
    grandchild = child.child("c", entity="order_status", native_id="17", kind=Kind.CONFIRMATION)
    assert (child.receipt_id, child.via, child.received_ms) == ("r0.s0", Via.STAGE, ENVELOPE.received_ms)
    assert (grandchild.receipt_id, grandchild.kind) == ("r0.s0.c", Kind.CONFIRMATION)
    assert root_of(grandchild.receipt_id) == "r0"
    assert child.is_child
    assert not ENVELOPE.is_child
    assert ENVELOPE.schema_version == SCHEMA_VERSION


@given(st.integers(0, 2**47), st.binary(min_size=10, max_size=10))
def test_a_receipt_id_tells_when_it_was_given(now_ms: int, entropy: bytes) -> None:
    assert received_ms_of(receipt_id(now_ms, entropy)) == now_ms


def test_receipt_ids_sort_by_time() -> None:
    early, late = receipt_id(1_700_000_000_000, b"\xff" * 10), receipt_id(1_700_000_000_001, b"\x00" * 12)
    assert early < late
    assert len(early) == len(late) == 33

"""What may take the place of a held event's body: what is still the same event."""

from __future__ import annotations

import orjson
import pytest

from app.edits import check
from schemas.canonical import StockHint
from schemas.envelope import Envelope
from streams.engine import load
from streams.errors import Rejected
from streams.ports import Record
from tests.schemas.golden import golden
from tests.streams.deliver.bench import SALE, STATUS

CATALOG = load()
ORDER = b'{"entity_id": 42, "increment_id": "000000042", "store_id": 1, "grand_total": 10}'


def held(topic: str, value: bytes, *, entity: str = "order", native_id: str = "42") -> Record:
    envelope = Envelope("r1", "web", "magento", entity, native_id, 1_000)
    return Record(topic, 0, 5, b"k", value, tuple(envelope.to_headers()), 1_000)


def test_a_raw_body_may_change_what_is_wrong_in_it() -> None:
    check(held("raw.magento.order", ORDER), ORDER.replace(b"10}", b"11}"), CATALOG)
    check(held("raw.magento.order", b"not JSON"), ORDER, CATALOG)
    check(held("raw.magento.order", b'{"data": %s}' % ORDER), b'{"data": %s}' % ORDER, CATALOG)


@pytest.mark.parametrize(
    ("edited", "told"),
    [
        (ORDER.replace(b"42,", b"43,"), "must not change 'entity_id' ('42' became '43')"),
        (ORDER.replace(b'"store_id": 1', b'"store_id": 2'), "must not change 'store_id'"),
        (ORDER.replace(b"000000042", b"000000043"), "must not change 'increment_id' ('000000042' became '000000043')"),
        (b'{"entity_id": 42}', "must not change 'store_id' ('1' became 'None')"),
        (b"[]", "not a JSON object"),
        (b"{", "not a JSON object"),
        (ORDER.replace(b"10}", b'10, "cc_number": "4111111111111111"}'), "card data at cc_number"),
    ],
)
def test_a_raw_body_stays_the_same_order_of_the_same_store_without_card_data(edited: bytes, told: str) -> None:
    with pytest.raises(Rejected) as refused:
        check(held("raw.magento.order", ORDER), edited, CATALOG)
    assert told in refused.value.message


def test_a_body_that_could_not_be_read_gets_none_of_another_order() -> None:
    with pytest.raises(Rejected, match="must not change 'entity_id'"):
        check(held("raw.magento.order", b"not JSON", native_id="41"), ORDER, CATALOG)


def test_a_canonical_sale_keeps_ref_and_channel_and_its_shape() -> None:
    original = held("canonical.sale", SALE.model_dump_json().encode())
    check(original, SALE.model_copy(update={"state": "complete"}).model_dump_json().encode(), CATALOG)
    for key in ("ref", "channel", "public_id"):
        with pytest.raises(Rejected, match=f"must not change '{key}'"):
            check(original, SALE.model_copy(update={key: "other"}).model_dump_json().encode(), CATALOG)
    with pytest.raises(Rejected, match=r"does not fit canonical\.sale: updated_at"):
        check(original, SALE.model_dump_json().encode().replace(b'"updated_at":"', b'"updated_at":"x'), CATALOG)


def test_a_status_stays_the_one_that_is_told_once() -> None:
    original = held("canonical.sale", STATUS.model_dump_json().encode(), entity="order_status")
    with pytest.raises(Rejected, match="must not change 'status'"):
        check(original, STATUS.model_copy(update={"status": "Lost"}).model_dump_json().encode(), CATALOG)


def test_a_hint_keeps_its_sku() -> None:
    hint = StockHint(sku="A", cause="poll")
    original = held("hint.stock", hint.model_dump_json().encode(), entity="stock_hint")
    check(original, hint.model_copy(update={"cause": "sale"}).model_dump_json().encode(), CATALOG)
    with pytest.raises(Rejected, match="must not change 'sku'"):
        check(original, hint.model_copy(update={"sku": "B"}).model_dump_json().encode(), CATALOG)


@pytest.mark.parametrize(
    ("entity", "name"), [("payment", "failed"), ("refund", "restocking_fee"), ("shipment", "without_a_track")]
)
def test_what_belongs_to_a_sale_stays_with_it(entity: str, name: str) -> None:
    document = golden(entity, name)
    original = held("canonical.sale", orjson.dumps(document), entity=entity)
    check(original, orjson.dumps(document | {"number": "7"}), CATALOG)
    for key in ("ref", "sale", "channel"):
        with pytest.raises(Rejected, match=f"must not change '{key}'"):
            check(original, orjson.dumps(document | {key: "web:order:43"}), CATALOG)


def test_a_ticket_stays_the_one_that_was_sold() -> None:
    document = golden("ticket", "sold_for_cash")
    original = held("canonical.sale", orjson.dumps(document), entity="ticket")
    check(original, orjson.dumps(document | {"customer": "C-9"}), CATALOG)
    with pytest.raises(Rejected, match="must not change 'ref'"):
        check(original, orjson.dumps(document | {"ref": "pos:ticket:1"}), CATALOG)


def test_a_body_of_a_newer_version_is_for_a_newer_tillstream() -> None:
    body = STATUS.model_dump_json().encode()
    with pytest.raises(Rejected, match=r"does not fit canonical\.sale: its order_status has version 2"):
        check(
            held("canonical.sale", body, entity="order_status"),
            body.replace(b'"schema_version":1', b'"schema_version":2'),
            CATALOG,
        )


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (Record("raw.magento.order", 0, 1, b"k", ORDER, (), 0), "has no envelope"),
        (held("raw.magento.order", ORDER, entity="poem"), "no flow takes magento events about 'poem'"),
        (held("canonical.sale", ORDER, entity="poem"), "nothing is known of 'poem' in canonical.sale"),
    ],
)
def test_what_no_body_can_help_is_told(record: Record, told: str) -> None:
    with pytest.raises(Rejected) as refused:
        check(record, ORDER, CATALOG)
    assert told in refused.value.message

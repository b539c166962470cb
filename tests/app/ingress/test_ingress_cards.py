from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingress.cards import NestedTooDeeply, card_data, may_carry_card_data, without_card_data

VISA = "4111111111111111"
AMEX = "378282246310005"

ORDER: dict[str, Any] = {
    "entity_id": 42,
    "increment_id": "000000042",
    "quote_id": 4111111111111111,
    "protect_code": "4111111111111111",
    "created_at": "2026-01-01 12:00:00",
    "billing_address": {"telephone": "4111111111111111", "postcode": "10115"},
    "items": [{"sku": "4006381333931", "ean": "4012888888881881", "name": "Tee", "price": 12.34}],
    "payment": {
        "method": "authorizenet",
        "cc_last4": "1111",
        "cc_exp_year": "2030",
        "cc_exp_month": "12",
        "cc_type": "VI",
        "cc_cid_status": "123",
        "cc_trans_id": "40018474848",
        "last_trans_id": "60115566778899001",
        "additional_information": ["Visa ending in 1111", "ch_1J2k3l4111111111111111"],
    },
    "extension_attributes": {"gift_cards": [{"code": "6006491111111111", "amount": 20.0}]},
    "status_histories": [{"comment": "Call +49 30 1234567 or 0049 170 1234567 after 17:00"}],
    "category": {"cid": 123},
}
"""Everything here that looks like a card number stands where ids, phones, bar codes and gift cards do."""


def placed(path: str, value: object) -> dict[str, Any]:
    document = copy.deepcopy(ORDER)
    *parents, name = path.split("/")
    inner: Any = document
    for parent in parents:
        inner = inner[int(parent)] if isinstance(inner, list) else inner.setdefault(parent, {})
    if isinstance(inner, list):
        inner.append(value)
    else:
        inner[name] = value
    return document


def test_an_order_with_long_numbers_everywhere_is_no_card() -> None:
    assert card_data(ORDER) is None
    assert without_card_data(ORDER) == ORDER


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("payment/cc_number", VISA),
        ("payment/ccNumber", VISA),
        ("payment/CC-NUMBER", "4111 1111 1111 1111"),
        ("payment/card_number", int(VISA)),
        ("payment/pan", AMEX),
        ("payment/additional_information/1", VISA),
        ("payment/additional_data/number", VISA),
        ("payment/card/number", VISA),
        ("payment/card/cvv", "123"),
        ("payment/cvv2", 1234),
        ("payment/cc_cid", "123"),
        ("payment/security_code", "123"),
        ("payment/track2", f";{VISA}=30121010000000000000?"),
        ("anything", f"%B{VISA}^DOE/JANE^3012101?"),
        ("customer_note", "my card is 5555-5555-5555-4444, thanks"),
        ("status_histories/0/comment", f"charge {AMEX} again"),
    ],
)
def test_card_data_is_found_and_its_place_is_told_but_not_its_value(path: str, value: object) -> None:
    document = placed(path, value)
    found = card_data(document)
    assert found is not None
    assert found.split("/")[0] == path.split("/", maxsplit=1)[0]
    assert "1111" not in found
    assert may_carry_card_data(orjson.dumps(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("payment/cc_number", "4111111111111112"),
        ("payment/cc_number", "xxxx-1111"),
        ("payment/cc_number", None),
        ("payment/cvv", ""),
        ("payment/cvv", "M"),
        ("payment/cvv", None),
        ("payment/cc_number_enc", "0:3:Zm9vYmFy"),
        ("customer_note", "order 100000042 of 2026-01-01, call 030 1234567"),
        ("payment/additional_information/1", "1732412345678"),
    ],
)
def test_what_is_no_card_data_passes(path: str, value: object) -> None:
    assert card_data(placed(path, value)) is None


def test_a_polled_row_keeps_all_but_the_card_data() -> None:
    document = placed("payment/cc_number", VISA)
    document["payment"]["cvv"] = "123"
    document["customer_note"] = f"use {AMEX} please"
    document["swipe"] = f"%B{VISA}^DOE/JANE^3012101?"
    clean: Any = without_card_data(document)
    assert clean["payment"]["cc_number"] == "[card ...1111]"
    assert clean["payment"]["cvv"] == "[removed]"
    assert clean["customer_note"] == "use [card ...0005] please"
    assert clean["swipe"] == "[removed]"
    for changed in ("cc_number", "cvv"):
        del clean["payment"][changed]
    for changed in ("customer_note", "swipe"):
        del clean[changed]
    assert clean == ORDER


@pytest.mark.parametrize(
    "body",
    [
        rb'{"cc_number": "\u0034111111111111111"}',
        rb'{"\u0063\u0076\u0076": "123"}',
        b'{"CVV":"123"}',
        b'{"Security-Code":"123"}',
        b'{"note":"4111 1111 1111 1111"}',
    ],
)
def test_the_quick_search_is_not_fooled_by_escapes_case_and_blanks(body: bytes) -> None:
    assert may_carry_card_data(body)
    assert card_data(orjson.loads(body)) is not None


@pytest.mark.parametrize(
    "name",
    ["cvv", "cc_cvc2", "card-cvn", "CC CID", "cardCid", "x_security_code", "SecurityCode", "card_verification_value"],
)
def test_the_quick_search_knows_every_name_of_a_code(name: str) -> None:
    document = {"payment": {name: "123"}}
    assert card_data(document) is not None
    assert may_carry_card_data(orjson.dumps(document))


def test_the_quick_search_does_not_join_numbers_that_stand_apart() -> None:
    apart = b'{"a":[12345678,12345678],"b":{"12345678":12345678},"at":"2026-01-01 12:00:00","ip":"127.10.20.30"}'
    assert not may_carry_card_data(apart)


def test_the_quick_search_clears_an_ordinary_order() -> None:
    ordinary = {key: ORDER[key] for key in ("entity_id", "increment_id", "created_at", "category")}
    assert not may_carry_card_data(orjson.dumps(ordinary))


keys = st.sampled_from(["cc_number", "pan", "note", "card", "number", "cvv", "sku", "ccCid", "x"]) | st.text(max_size=5)
texts = (
    st.sampled_from([VISA, AMEX, "4111-1111-1111-1111", "123", f";{VISA}=3012", "4111111111111112"])
    | st.text(max_size=20)
    | st.integers(-(2**53), 2**53)
    | st.none()
    | st.booleans()
)
documents: st.SearchStrategy[Any] = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@given(documents)
def test_what_the_quick_search_clears_carries_none_and_what_is_cleaned_carries_none(document: object) -> None:
    if card_data(document) is not None:
        assert may_carry_card_data(orjson.dumps(document))
    assert card_data(without_card_data(document)) is None


def test_a_document_of_a_thousand_levels_is_refused_and_not_followed() -> None:
    deep: object = VISA
    for _ in range(1500):
        deep = {"note": deep}
    with pytest.raises(NestedTooDeeply):
        card_data(deep)
    with pytest.raises(NestedTooDeeply):
        without_card_data(deep)

"""What must not leave the house is masked, however it is spelt."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from app.connections import MagentoConnection
from app.settings import KafkaSettings, Settings, StoreSettings
from app.support.masking import Masker, secrets_of

SECRET = 'p/ss "w+rd" of the shop'


@pytest.mark.parametrize(
    "spelt", [SECRET, quote(SECRET, safe=""), SECRET.replace('"', '\\"'), base64.b64encode(SECRET.encode()).decode()]
)
def test_a_secret_is_masked_in_every_spelling(spelt: str) -> None:
    masked = Masker(frozenset({SECRET}))(f"before {spelt} after")
    assert masked == "before *** after"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Masker(frozenset({"abcdef", "abcdefgh"}))("abcdefgh") == "***"


def test_without_secrets_nothing_else_is_lost() -> None:
    text = (
        "order 000000001 at 2026-11-24T10:00:00.123Z, offset 12345678, SKU TEE-001-BLUE, r01a20ba68b0049474d37b66571f"
    )
    assert Masker(frozenset())(text) == text


@pytest.mark.parametrize(
    "personal", ["ada.archer@example.com", "+1 512-555-0100", "512-555-0100", "(512) 555-0100", "4111 1111 1111 1111"]
)
def test_what_names_a_person_is_masked(personal: str) -> None:
    masked = Masker(frozenset())(f"customer {personal} wrote")
    assert "555" not in masked
    assert "@" not in masked
    assert "1111 1111 1111" not in masked
    assert masked.startswith("customer ")
    assert masked.endswith(" wrote")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /V1/customers?email=anna%40example.com&page=1", "GET /V1/customers?email=***&page=1"),
        ('{"telephone":"5551234567","city":"Austin"}', '{"telephone":"***","city":"Austin"}'),
        (r'{"event":"{\"telephone\": \"5551234567\"}"}', r'{"event":"{\"telephone\": \"***\"}"}'),
        ("{'phone_number': 5551234567, 'id': 5551234567}", "{'phone_number': ***, 'id': 5551234567}"),
        ("Phone=%2B15551234567&id=7", "Phone=***&id=7"),
        ("<mobile>(555) 123 4567</mobile>", "<mobile>***</mobile>"),
    ],
)
def test_a_person_is_masked_as_addresses_and_documents_write_her(text: str, masked: str) -> None:
    assert Masker(frozenset())(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Basic bWFkZTpoZXJl and on", "Authorization: *** and on"),
        ("{'Authorization': 'Token made-here'}", "{'Authorization': '***'}"),
        (r'{"headers":"{\"authorization\":\"Basic bWFkZTpoZXJl\"}"}', r'{"headers":"{\"authorization\":\"***\"}"}'),
        ("(b'authorization', b'Bearer made-here')", "(b'authorization', b'***')"),
        ('Authorization: Digest username="made", response="here"', "Authorization: ***"),
        ("POST https://hooks.slack.com/services/made/here failed", "POST https://hooks.slack.com*** failed"),
    ],
)
def test_who_may_do_something_is_masked_without_being_known(text: str, masked: str) -> None:
    assert Masker(frozenset())(text) == masked


def test_a_long_line_without_anybody_is_read_once() -> None:
    line = "a" * 200_000
    assert Masker(frozenset())(line) == line


def test_every_secret_of_the_settings_is_known() -> None:
    settings = Settings(
        store=StoreSettings(url=SecretStr("postgresql://till:in-the-address@db:5432/till")),
        kafka=KafkaSettings(sasl_password=SecretStr("of-kafka")),
        connections={
            "web": MagentoConnection.model_validate(
                {
                    "system": "magento",
                    "base_url": "https://shop.example",
                    "bearer_token": "of-the-shop",
                    "webhooks": {"secrets": ["first-webhook", "second-webhook"]},
                }
            )
        },
    )
    known = secrets_of(settings)
    assert known >= {"in-the-address", "of-kafka", "of-the-shop", "first-webhook", "second-webhook"}

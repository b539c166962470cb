"""A customer says each thing once, and a system that does not say something has not said no."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.canonical import Address, Customer
from tests.schemas.golden import golden


def customer(name: str = "magento_two_addresses", **changes: Any) -> Customer:
    return Customer.model_validate(golden("customer", name, **changes))


def test_a_balance_that_a_system_does_not_keep_is_not_a_balance_of_zero() -> None:
    assert customer().loyalty_points is None
    assert customer("consents").loyalty_points == 0
    assert customer("heartland_profile").loyalty_points == 120


def test_an_address_of_a_customer_is_an_address_of_a_sale_with_more() -> None:
    (first, _) = customer().addresses
    assert isinstance(first, Address)
    assert (first.native_id, first.default_billing, first.default_shipping) == ("1", True, True)


@pytest.mark.rule("guards.consent_source_and_time")
@pytest.mark.parametrize("lacking", ["source", "at", "given", "channel"])
def test_consent_says_to_what_where_and_when(lacking: str) -> None:
    said = {"channel": "email", "given": True, "source": "web:newsletter", "at": "2026-11-01T10:00:00Z"}
    assert customer(consents=[said]).consents[0].source == "web:newsletter"
    with pytest.raises(ValidationError, match=rf"{lacking}\n.*Field required"):
        customer(consents=[{key: value for key, value in said.items() if key != lacking}])


@pytest.mark.parametrize("changes", [{"source": ""}, {"at": "2026-11-01T10:00:00"}, {"channel": "pigeon"}])
def test_consent_without_a_place_or_a_time_zone_is_refused(changes: dict[str, Any]) -> None:
    said = {"channel": "email", "given": True, "source": "web", "at": "2026-11-01T10:00:00Z"}
    with pytest.raises(ValidationError):
        customer(consents=[said | changes])


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        ([{"native_id": "1"}, {"native_id": "1"}], "the address '1' is given 2 times"),
        ([{"default_billing": True}, {"default_billing": True}], "more than one address is the default for billing"),
        ([{"default_shipping": True}, {"default_shipping": True}], "more than one address is the default for shipping"),
    ],
)
def test_an_address_book_that_contradicts_itself_is_refused(addresses: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        customer(addresses=addresses)


def test_new_addresses_need_no_id() -> None:
    assert len(customer(addresses=[{"city": "Austin"}, {"city": "Waco"}]).addresses) == 2


def test_one_source_says_one_thing_about_a_channel() -> None:
    said = {"channel": "email", "given": True, "source": "web", "at": "2026-11-01T10:00:00Z"}
    with pytest.raises(ValidationError, match="the consent 'email from web' is given 2 times"):
        customer(consents=[said, said | {"given": False}])


def test_a_refusal_does_not_repeat_what_the_customer_wrote() -> None:
    with pytest.raises(ValidationError) as refused:
        customer(email="ann@example.com", phone=5, updated_at="yesterday")
    assert "ann@example.com" not in str(refused.value)
    assert "yesterday" not in str(refused.value)

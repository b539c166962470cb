"""The list of addresses to write is made of what is stored, so that nobody's address is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import CustomerAddress
from streams.customer.addresses import final_list, plain_key
from tests.streams.customer.fields import address

AUSTIN = address("Austin", native_id="1", billing=True, shipping=True)
WACO = address("Waco", native_id="2")


def test_what_is_stored_already_is_not_sent() -> None:
    made = final_list([AUSTIN, WACO], [address("WACO "), address("Austin")])
    assert (made.addresses, made.changed) == ((AUSTIN, WACO), False)


def test_a_new_address_goes_without_an_id_and_every_other_keeps_its_own() -> None:
    made = final_list([AUSTIN, WACO], [address("Dallas", native_id="from the other side", billing=True)])
    assert made.addresses == (AUSTIN, WACO, address("Dallas"))
    assert made.changed


def test_only_what_the_owner_removed_goes() -> None:
    assert final_list([AUSTIN, WACO], [], [address("Waco")]).addresses == (AUSTIN,)
    assert final_list([AUSTIN, WACO], [], [address("El Paso")]).changed is False
    assert final_list([AUSTIN, WACO], [address("Waco")], [address("Waco")]).changed is False


def test_a_default_that_goes_names_another() -> None:
    made = final_list([AUSTIN, WACO], [], [AUSTIN])
    assert made.addresses == (address("Waco", native_id="2", billing=True, shipping=True),)
    dallas = final_list([AUSTIN, WACO], [address("Dallas", billing=True)], [AUSTIN])
    assert dallas.addresses == (address("Waco", native_id="2", shipping=True), address("Dallas", billing=True))


def test_a_default_without_a_successor_stays() -> None:
    made = final_list([AUSTIN], [], [AUSTIN])
    assert (made.addresses, made.changed) == ((AUSTIN,), False)
    assert made.notes == (
        "the last address was not removed: it is the customer's default, and no other can take its place",
    )


def test_an_account_without_defaults_gets_the_customers() -> None:
    assert final_list([], [address("Austin", billing=True)]).addresses == (address("Austin", billing=True),)
    assert final_list([WACO], [address("Waco", shipping=True)]).addresses == (
        address("Waco", native_id="2", shipping=True),
    )


def test_no_more_is_sent_than_fits_and_what_is_stored_goes_first() -> None:
    made = final_list([AUSTIN], [address("Dallas"), address("Waco")], most=2)
    assert made.addresses == (AUSTIN, address("Dallas"))
    assert made.notes == ("1 of 2 new addresses were left out: no more than 2 fit",)


@pytest.mark.parametrize(
    "same",
    [
        {"lines": ("12  Oak st",)},
        {"region": "Texas"},
        {"native_id": "5", "default_billing": True},
        {"last_name": "WEBB"},
    ],
)
def test_how_an_address_is_written_makes_it_no_other(same: dict[str, object]) -> None:
    assert plain_key(address("Austin").model_copy(update=same)) == plain_key(address("Austin"))


def test_lines_may_be_joined_and_phones_spaced() -> None:
    two = address("Austin").model_copy(update={"lines": ("12 Oak St", "Apt 3"), "phone": "512-555-0100"})
    one = address("Austin").model_copy(update={"lines": ("12 Oak St Apt 3", ""), "phone": "(512) 555 0100"})
    assert plain_key(two) == plain_key(one)


@pytest.mark.parametrize("other", [{"postcode": "1"}, {"country": "CA"}, {"first_name": "Bo"}, {"phone": "1"}])
def test_another_address_is_another(other: dict[str, object]) -> None:
    assert plain_key(address("Austin").model_copy(update=other)) != plain_key(address("Austin"))


CITIES = st.sampled_from(["Austin", "Waco", "Dallas", "El Paso", "Houston"])


@st.composite
def books(draw: st.DrawFn, ids: bool) -> list[CustomerAddress]:
    """An address book; the store's addresses have ids, and may be alike."""
    cities = draw(st.lists(CITIES, max_size=5))
    billing, shipping = draw(st.integers(-1, 4)), draw(st.integers(-1, 4))
    return [
        address(city, native_id=str(n + 1) if ids else "", billing=n == billing, shipping=n == shipping)
        for n, city in enumerate(cities)
    ]


def saved(sent: tuple[CustomerAddress, ...]) -> list[CustomerAddress]:
    """As the store keeps a list: a new address gets an id."""
    return [one if one.native_id else one.model_copy(update={"native_id": f"new {n}"}) for n, one in enumerate(sent)]


LIMIT = st.sampled_from([None, 0, 3])


@given(books(ids=True), books(ids=False), books(ids=False), LIMIT)
def test_no_address_of_the_target_is_lost_but_those_that_went(
    stored: list[CustomerAddress], wanted: list[CustomerAddress], gone: list[CustomerAddress], most: int | None
) -> None:
    made = final_list(stored, wanted, gone, most=most)
    leaving = {plain_key(one) for one in gone} - {plain_key(one) for one in wanted}
    kept = {one.native_id for one in made.addresses}
    assert {one.native_id for one in stored if plain_key(one) not in leaving} <= kept
    if most is None:
        assert {plain_key(one) for one in wanted} <= {plain_key(one) for one in made.addresses}
    for one in made.addresses:
        if one.native_id:
            same = {"default_billing": False, "default_shipping": False}
            (before,) = [old for old in stored if old.native_id == one.native_id]
            assert one.model_copy(update=same) == before.model_copy(update=same)


@given(books(ids=True), books(ids=False), books(ids=False), LIMIT)
def test_sent_twice_is_sent_once(
    stored: list[CustomerAddress], wanted: list[CustomerAddress], gone: list[CustomerAddress], most: int | None
) -> None:
    once = final_list(stored, wanted, gone, most=most)
    twice = final_list(saved(once.addresses), wanted, gone, most=most)
    assert not twice.changed


@given(books(ids=True), books(ids=False), books(ids=False))
def test_a_store_with_a_default_always_keeps_exactly_one(
    stored: list[CustomerAddress], wanted: list[CustomerAddress], gone: list[CustomerAddress]
) -> None:
    made = final_list(stored, wanted, gone).addresses
    for use in ("default_billing", "default_shipping"):
        before, after = (sum(getattr(one, use) for one in book) for book in (stored, made))
        assert before <= after <= 1

"""Customers: accounts, their whole list of addresses, and what moves updated_at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.sandbox.premises import Size
from tests.app.sandbox.magento.storefront import Storefront, Watch, open_shop

ANN = {"email": "ann@example.com", "firstname": "Ann", "lastname": "Webb"}
HOME = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St", "Apt 3"],
    "city": "Austin",
    "postcode": "78701",
    "country_id": "US",
    "region_id": 57,
    "telephone": "512-555-0100",
}
HOME_BY_DEFAULT = HOME | {"default_billing": True, "default_shipping": True}
TAKEN = (400, {"message": "A customer with the same email address already exists in an associated website."})


async def create(shop: Storefront, **more: object) -> dict[str, Any]:
    made: dict[str, Any] = await shop.do("POST", "/customers", {"customer": ANN | more})
    return made


async def put(shop: Storefront, customer_id: int, **fields: object) -> dict[str, Any]:
    changed: dict[str, Any] = await shop.do("PUT", f"/customers/{customer_id}", {"customer": fields})
    return changed


async def test_anybody_may_make_an_account_and_is_welcomed(shop: Storefront) -> None:
    shop.headers = {}
    made = await create(shop)
    assert (made["group_id"], made["website_id"], made["store_id"]) == (1, 1, 1)
    assert (made["created_in"], made["extension_attributes"]) == ("Default Store View", {"is_subscribed": False})
    assert shop.mails("welcome") == ["ann@example.com"]


async def test_a_group_takes_the_right_to_manage_customers(tmp_path: Path) -> None:
    manage = frozenset({"Magento_Customer::manage"})
    async with open_shop(tmp_path, denied_resources=manage) as shop:
        refused = await shop.call("POST", "/customers", {"customer": ANN | {"group_id": 2}})
        message = "The consumer isn't authorized to access %resources."
        assert refused == (401, {"message": message, "parameters": {"resources": "Magento_Customer::manage"}})
        assert (await create(shop))["group_id"] == 1


async def test_a_caller_without_a_token_names_no_group(shop: Storefront) -> None:
    shop.headers = {}
    status, body = await shop.call("POST", "/customers", {"customer": ANN | {"group_id": 2}})
    assert (status, body["parameters"]) == (401, {"resources": "Magento_Customer::manage"})


async def test_a_group_is_taken_from_who_may_give_it(shop: Storefront) -> None:
    assert (await create(shop, group_id=2))["group_id"] == 2


async def test_an_email_is_taken_once_per_website_in_any_case(tmp_path: Path) -> None:
    async with open_shop(tmp_path, size=Size.LARGE) as shop:
        await create(shop)
        assert await shop.call("POST", "/customers", {"customer": ANN | {"email": "ANN@Example.com"}}) == TAKEN
        other = await create(shop, website_id=2)
        assert (other["website_id"], other["created_in"]) == (2, "Outlet English")
        assert (await shop.call("POST", "/customers", {"customer": ANN | {"website_id": 9}}))[0] == 404


async def test_another_ones_email_is_refused_on_a_change_too(shop: Storefront) -> None:
    await create(shop)
    bob = await create(shop, email="bob@example.com")
    body = {"customer": {"email": "Ann@example.com"}}
    assert await shop.call("PUT", f"/customers/{bob['id']}", body) == TAKEN
    assert (await put(shop, bob["id"], email="BOB@example.com"))["email"] == "BOB@example.com"


async def test_names_and_email_are_required(shop: Storefront) -> None:
    status, body = await shop.call("POST", "/customers", {"customer": {"email": "a@example.com"}})
    assert (status, [error["parameters"]["fieldName"] for error in body["errors"]]) == (400, ["firstname", "lastname"])


async def test_an_unknown_key_inside_is_refused_and_one_beside_is_not(shop: Storefront) -> None:
    status, body = await shop.call("POST", "/customers", {"customer": ANN | {"nope": 1}})
    assert (status, body["parameters"]) == (400, {"fieldName": "Nope"})
    assert (await shop.call("POST", "/customers", {"customer": ANN, "nope": 1}))[0] == 200


async def test_a_change_merges_with_what_is_there(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT])
    after = await put(shop, made["id"], firstname="Anna")
    assert after == made | {"firstname": "Anna", "updated_at": after["updated_at"]}
    assert await shop.get(f"/customers/{made['id']}") == after


async def test_the_addresses_of_a_change_are_the_whole_list(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT, HOME | {"city": "Waco"}])
    home = made["addresses"][0]
    after = await put(shop, made["id"], addresses=[{"id": home["id"], "city": "Dallas"}, HOME | {"city": "Bryan"}])
    assert [address["city"] for address in after["addresses"]] == ["Dallas", "Bryan"]
    assert after["addresses"][0]["id"] == home["id"]
    assert (await shop.call("GET", f"/customers/addresses/{made['addresses'][1]['id']}"))[0] == 404


async def test_a_list_that_drops_a_default_address_is_refused(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT])
    status, body = await shop.call("PUT", f"/customers/{made['id']}", {"customer": {"addresses": [HOME]}})
    assert (status, body["parameters"]) == (400, {"fieldName": "default_billing"})
    assert body["message"].startswith("The %fieldName value is invalid")
    assert await shop.get(f"/customers/{made['id']}") == made


async def test_a_list_may_name_another_default_address(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT])
    after = await put(shop, made["id"], addresses=[HOME_BY_DEFAULT | {"city": "Waco"}])
    new = after["addresses"][0]
    assert (after["default_billing"], after["default_shipping"]) == (str(new["id"]),) * 2
    assert new["id"] != made["addresses"][0]["id"]


async def test_an_empty_list_deletes_every_address(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT])
    after = await put(shop, made["id"], addresses=[])
    assert (after["addresses"], "default_billing" in after) == ([], False)


async def test_the_default_may_be_named_by_the_customers_own_field(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT, HOME])
    second = made["addresses"][1]["id"]
    after = await put(shop, made["id"], default_shipping=str(second))
    assert (after["default_billing"], after["default_shipping"]) == (made["default_billing"], str(second))
    assert [address.get("default_shipping") for address in after["addresses"]] == [None, True]


async def test_another_customers_address_is_not_taken(shop: Storefront) -> None:
    ann = await create(shop, addresses=[HOME])
    bob = await create(shop, email="bob@example.com")
    body = {"customer": {"addresses": [HOME | {"id": ann["addresses"][0]["id"]}]}}
    assert (await shop.call("PUT", f"/customers/{bob['id']}", body))[0] == 404


async def test_an_address_names_what_it_lacks(shop: Storefront) -> None:
    status, body = await shop.call("POST", "/customers", {"customer": ANN | {"addresses": [{"firstname": "A"}]}})
    fields = ["lastname", "street", "city", "telephone", "postcode", "countryId"]
    assert (status, [error["parameters"]["fieldName"] for error in body["errors"]]) == (400, fields)
    assert (await shop.find("/customers/search"))["total_count"] == 0


async def test_an_address_without_a_region_gets_region_0(shop: Storefront) -> None:
    made = await create(shop, addresses=[{name: value for name, value in HOME.items() if name != "region_id"}])
    assert (made["addresses"][0]["region_id"], made["addresses"][0]["region"]["region_id"]) == (0, 0)


async def test_an_address_is_read_and_deleted_by_its_id(shop: Storefront) -> None:
    made = await create(shop, addresses=[HOME_BY_DEFAULT, HOME])
    home = made["addresses"][0]
    assert await shop.get(f"/customers/addresses/{home['id']}") == home
    assert await shop.do("DELETE", f"/addresses/{home['id']}") is True
    after = await shop.get(f"/customers/{made['id']}")
    assert ([address["id"] for address in after["addresses"]], "default_billing" in after) == (
        [made["addresses"][1]["id"]],
        False,
    )
    assert (await shop.call("DELETE", f"/addresses/{home['id']}"))[0] == 404


async def test_address_and_subscription_changes_move_updated_at(timed: Storefront, watch: Watch) -> None:
    made = await create(timed, addresses=[HOME])
    moments = [made["updated_at"]]
    for change in ({"addresses": [HOME]}, {"extension_attributes": {"is_subscribed": True}}):
        watch.tick()
        moments.append((await put(timed, made["id"], **change))["updated_at"])
    watch.tick()
    address = (await timed.get(f"/customers/{made['id']}"))["addresses"][0]
    await timed.do("DELETE", f"/addresses/{address['id']}")
    moments.append((await timed.get(f"/customers/{made['id']}"))["updated_at"])
    assert moments == sorted(set(moments))


async def test_a_subscription_is_an_extension_attribute(shop: Storefront) -> None:
    made = await create(shop, extension_attributes={"is_subscribed": True})
    assert made["extension_attributes"] == {"is_subscribed": True}
    assert (await put(shop, made["id"], firstname="Anna"))["extension_attributes"] == {"is_subscribed": True}


async def test_the_search_ignores_letter_case_and_knows_its_fields(shop: Storefront) -> None:
    await create(shop)
    bob = await create(shop, email="bob@example.com", firstname="Bob")
    found = await shop.find("/customers/search", ("email", "eq", "BOB@example.com"), ("website_id", "eq", "1"))
    assert found["items"] == [bob]
    assert (await shop.find("/customers/search", ("firstname", "eq", "bob")))["items"] == [bob]
    query = "searchCriteria[filter_groups][0][filters][0][field]=nope"
    status, body = await shop.call("GET", f"/customers/search?{query}")
    assert (status, body["parameters"]) == (400, ["nope"])


async def test_a_customer_who_is_not_there(shop: Storefront) -> None:
    parameters = {"fieldName": "customerId", "fieldValue": "99"}
    expected = (404, {"message": "No such entity with %fieldName = %fieldValue", "parameters": parameters})
    assert await shop.call("GET", "/customers/99") == expected
    assert await shop.call("PUT", "/customers/99", {"customer": {"firstname": "A"}}) == expected
    assert await shop.call("POST", "/customers/99/carts") == expected


async def test_a_customers_cart_becomes_the_customers_order(shop: Storefront) -> None:
    customer = await create(shop, group_id=2)
    cart = await shop.do("POST", f"/customers/{customer['id']}/carts")
    assert await shop.do("POST", f"/customers/{customer['id']}/carts") == cart
    await shop.do("POST", f"/carts/{cart}/items", {"cartItem": {"sku": "S1", "qty": 1}})
    information = {
        "shipping_address": HOME,
        "billing_address": HOME,
        "shipping_carrier_code": "flatrate",
        "shipping_method_code": "flatrate",
    }
    await shop.do("POST", f"/carts/{cart}/shipping-information", {"addressInformation": information})
    assert (await shop.get(f"/carts/{cart}/totals"))["grand_total"] == 15.83
    order_id = await shop.do("PUT", f"/carts/{cart}/order", {"paymentMethod": {"method": "checkmo"}})
    order = await shop.order(order_id)
    assert (order["customer_id"], order["customer_is_guest"], order["customer_group_id"]) == (customer["id"], 0, 2)
    assert (order["customer_email"], shop.mails("order")) == ("ann@example.com", ["ann@example.com"])
    assert (await shop.find("/orders", ("customer_id", "eq", str(customer["id"]))))["total_count"] == 1
    assert await shop.do("POST", f"/customers/{customer['id']}/carts") != cart


async def test_a_guest_does_not_reach_a_customers_cart_by_its_number(shop: Storefront) -> None:
    customer = await create(shop)
    cart = await shop.do("POST", f"/customers/{customer['id']}/carts")
    assert (await shop.call("GET", f"/guest-carts/{cart}/items"))[0] == 404
    assert (await shop.call("PUT", f"/guest-carts/{cart}/order", {}))[0] == 404


async def test_regions_are_read_by_country(shop: Storefront) -> None:
    regions = (await shop.get("/directory/countries/US"))["available_regions"]
    assert {"id": "57", "code": "TX", "name": "Texas"} in regions
    assert "available_regions" not in await shop.get("/directory/countries/GB")
    assert (await shop.call("GET", "/directory/countries/XX"))[0] == 404

"""Countries and regions, and how an address is read."""

from __future__ import annotations

from app.sandbox.magento.errors import RestError, missing
from app.sandbox.magento.routing import ANONYMOUS, Route
from app.sandbox.magento.shop import Call, Json, Shop

ADDRESS_FIELDS = ("firstname", "lastname", "street", "city", "telephone", "postcode", "country_id")

REGIONS = {"12": ("CA", "California"), "43": ("NY", "New York"), "57": ("TX", "Texas")}
"""Region id -> code and name, of those states that the sandbox's shoppers live in."""
COUNTRIES = {"US": "United States", "GB": "United Kingdom"}
WITH_REGIONS = "US"


def check_address(sent: Json) -> None:
    """Raises the 400 of required fields that are missing or empty."""
    absent = [name for name in ADDRESS_FIELDS if not sent.get(name)]
    if absent:
        raise missing(*("countryId" if name == "country_id" else name for name in absent))


def find_region(region_id: object, code: object) -> tuple[int, str, str] | None:
    """Id, code and name of a region that is named by its id or its code."""
    for known, (known_code, name) in REGIONS.items():
        if str(region_id) == known or code == known_code:
            return int(known), known_code, name
    return None


def read_address(sent: Json | None) -> Json:
    """A cart's address with its region's id, code and name; the 400 of a missing field otherwise."""
    check_address(sent or {})
    address = {name: value for name, value in (sent or {}).items() if value is not None}
    found = find_region(address.get("region_id"), address.get("region_code"))
    if found is not None:
        address |= {"region_id": found[0], "region_code": found[1], "region": found[2]}
    return address


def get_country(_shop: Shop, call: Call) -> Json:
    """GET /V1/directory/countries/:countryId. Most countries have no regions, and then the key is left out."""
    code = call.params["countryId"]
    if code not in COUNTRIES:
        raise RestError(404, "The country isn't available.")
    country: Json = {
        "id": code,
        "two_letter_abbreviation": code,
        "three_letter_abbreviation": {"US": "USA", "GB": "GBR"}[code],
        "full_name_locale": COUNTRIES[code],
        "full_name_english": COUNTRIES[code],
    }
    if code == WITH_REGIONS:
        country["available_regions"] = [
            {"id": region_id, "code": region_code, "name": name} for region_id, (region_code, name) in REGIONS.items()
        ]
    return country


ROUTES = (Route("GET", "/V1/directory/countries/:countryId", ANONYMOUS, get_country),)

"""Telephone numbers, by Google's metadata (the library phonenumbers)."""

from __future__ import annotations

import phonenumbers


def phone(value: str, country: str | None = None) -> str:
    """A number as E.164 (``+15125550147``), with its extension behind it; what is no valid number stays as it is.

    Args:
        value: as a person wrote it.
        country: ISO 3166 code of the country that it is dialled in; without it only ``+`` and country code will do.

    Raises:
        TypeError: not a string.
    """
    if not isinstance(value, str):
        raise TypeError("a string is needed")
    written = value.strip()
    try:
        number = phonenumbers.parse(written, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return written
    if not phonenumbers.is_valid_number(number):
        return written
    dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{dialled} x{number.extension}" if number.extension else dialled


def is_country(code: object) -> bool:
    """Whether that is a country's ISO 3166 code: one that has a telephone network, so no uninhabited island."""
    return isinstance(code, str) and code in phonenumbers.SUPPORTED_REGIONS

"""Customers' accounts in the web store, over Magento's REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.demo.rest import Rest

Document = Mapping[str, Any]


class Accounts:
    """What customers do with their accounts.

    Args:
        guest: without credentials.
        office: with credentials of an integration.
    """

    def __init__(self, guest: Rest, office: Rest) -> None:
        self._guest = guest
        self._office = office

    async def open(self, email: str, first_name: str, last_name: str, home: Document) -> str:
        """Somebody makes an account with one address. Returns its id."""
        address = {**home, "default_billing": True, "default_shipping": True}
        customer = {"email": email, "firstname": first_name, "lastname": last_name, "addresses": [address]}
        made = await self._guest.call("POST", "/rest/V1/customers", {"customer": customer})
        return str(made["id"])

    async def change(self, account: str, **fields: object) -> None:
        """Set fields of an account; those that are not named stay."""
        await self._office.call("PUT", f"/rest/V1/customers/{account}", {"customer": fields})

    async def addresses(self, account: str) -> Sequence[Document]:
        """All addresses of an account."""
        found: Sequence[Document] = (await self._office.call("GET", f"/rest/V1/customers/{account}"))["addresses"]
        return found

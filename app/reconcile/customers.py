"""Accounts and profiles, read to be compared."""

from __future__ import annotations

from app.magento.times import read_time
from app.polling.polls import EVERYTHING
from app.reconcile.joint import Joint, Window
from schemas.heartland import Customer as Profile
from schemas.ids import Ref
from schemas.magento import Customer as Account
from streams.customer.email import normal_email
from streams.customer.projection import trimmed
from streams.engine.phones import phone
from streams.reconcile.customers import PersonSeen, compare_customers
from streams.reconcile.drift import Comparison


async def reconcile_customers(joint: Joint, window: Window) -> Comparison:
    """Compare every account that changed in the window with its profile, by link and by e-mail."""
    accounts = [_account(joint, Account.model_validate(row)) for row in await joint.web_rows("customer", window.first)]
    profiles = [_profile(joint, Profile.model_validate(row)) for row in await joint.pos_rows("customer", EVERYTHING)]
    links = await joint.linked([account.ref for account in accounts], joint.pos_name)
    return compare_customers(accounts, profiles, links, window.settled_before)


def _account(joint: Joint, row: Account) -> PersonSeen:
    """Magento keeps phones in addresses only: an account's is its billing address's, and without one it has none."""
    fields = _fields(row.email, row.firstname, row.lastname)
    billing = next((address for address in row.addresses if address.default_billing), None)
    if billing is not None:
        fields |= {"phone": phone(billing.telephone, billing.country_id)}
    return PersonSeen(Ref(joint.web_name, "customer", row.id), row.email, read_time(row.updated_at), fields)


def _profile(joint: Joint, row: Profile) -> PersonSeen:
    country = next((address.country for address in row.addresses if address.country), None)
    fields = {**_fields(row.email, row.first_name, row.last_name), "phone": phone(row.phone, country)}
    return PersonSeen(Ref(joint.pos_name, "customer", row.customer_id), row.email, row.updated_at, fields)


def _fields(email: str, first_name: str, last_name: str) -> dict[str, str]:
    return {"email": normal_email(email), "first_name": trimmed(first_name), "last_name": trimmed(last_name)}

"""Web accounts against the point of sale's profiles: missing, not linked, ambiguous, or a field apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.ids import Ref
from streams.customer.email import normal_email
from streams.customer.ownership import CUSTOMER_FIELDS, FieldRule, Owner
from streams.reconcile.drift import Comparison, Drift, ReadAgain, Subject


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """An account or a profile.

    Attributes:
        fields: what is compared, by the canonical field's name, in the form in which equal means the same.
    """

    ref: Ref
    email: str
    updated_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)


def compare_customers(
    accounts: Sequence[PersonSeen],
    profiles: Sequence[PersonSeen],
    links: Mapping[Ref, Ref],
    settled_before: datetime,
    owns: Mapping[str, FieldRule] = CUSTOMER_FIELDS,
) -> Comparison:
    """Compare every account of the web store with its profile.

    Args:
        accounts: of the web store.
        profiles: of the point of sale, all of them.
        links: profile of each account that has one.
        settled_before: what changed later than this on either side is not judged.
        owns: which side owns which field: the one whose telling mends it. A field without an entry is not compared.
    """
    by_ref = {profile.ref: profile for profile in profiles}
    by_email: dict[str, list[PersonSeen]] = {}
    for profile in profiles:
        by_email.setdefault(normal_email(profile.email), []).append(profile)
    drifts: list[Drift] = []
    moving = 0
    for account in accounts:
        linked = links.get(account.ref)
        same = by_email.get(normal_email(account.email), []) if account.email else []
        found = [by_ref[linked]] if linked in by_ref else same
        if any(one.updated_at > settled_before for one in (account, *found)):
            moving += 1
        elif linked is None:
            drifts.append(_not_linked(account, same))
        elif linked not in by_ref:
            drifts.append(_gone(account, linked))
        else:
            drifts += _fields(account, by_ref[linked], owns)
    ordered = tuple(sorted(drifts, key=lambda drift: (drift.name, drift.what)))
    return Comparison(Subject.CUSTOMERS, len(accounts), ordered, moving)


def _not_linked(account: PersonSeen, same: Sequence[PersonSeen]) -> Drift:
    profiles = ", ".join(f"profile {one.ref.native_id}" for one in same)
    if len(same) > 1:
        advice = "several profiles have this address: merge them in the point of sale, then reconcile again"
        return Drift(account.email, "ambiguous", _account(account), profiles, advice=advice)
    return Drift(account.email, "not linked" if same else "missing", _account(account), profiles, again=_web(account))


def _gone(account: PersonSeen, linked: Ref) -> Drift:
    return Drift(
        account.email,
        "profile gone",
        _account(account),
        f"profile {linked.native_id}, which is not listed",
        advice="see whether it was merged into another in the point of sale; what is linked is never made again",
    )


def _fields(account: PersonSeen, profile: PersonSeen, owns: Mapping[str, FieldRule]) -> list[Drift]:
    drifts = []
    for name, rule in owns.items():
        web, pos = account.fields.get(name), profile.fields.get(name)
        if web is None or pos is None or web == pos:
            continue
        again = _pos(profile) if rule.owner is Owner.POS else _web(account)
        drifts.append(Drift(account.email, name, web, pos, again=again))
    return drifts


def _account(account: PersonSeen) -> str:
    return f"account {account.ref.native_id}"


def _web(account: PersonSeen) -> ReadAgain:
    return ReadAgain(account.ref.connection, "magento", "customer", account.ref.native_id)


def _pos(profile: PersonSeen) -> ReadAgain:
    return ReadAgain(profile.ref.connection, "heartland", "customer", profile.ref.native_id)

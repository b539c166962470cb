"""The contract of `streams.ports.agreements.Agreements`."""

from __future__ import annotations

import pytest

from schemas.ids import Ref
from streams.customer.agreement import Agreement
from streams.customer.echo import Mirror, Side, Value
from streams.customer.flips import Turn
from streams.ports import Fenced
from streams.ports.agreements import KeptAgreement
from tests.postgres_server import Ports
from tests.streams.customer.fields import address, at, consent, value

ACCOUNT = Ref("web", "customer", "4\x002")
HOME = Value(("12 OAK ST", "austin"), address("Austin", native_id="7", billing=True), Side.WEB)
FULL = Agreement(
    web=Mirror(
        intended={"email": value("Ann@Example.com\x00", Side.WEB), "addresses": frozenset({HOME})},
        read_back={"consent.email": consent(given=False, side=Side.WEB), "addresses": frozenset()},
        at=at(3),
        pending=frozenset({"addresses"}),
    ),
    turns=(Turn(at(2), "phone", Side.POS, taken_back=True),),
)


async def test_what_nobody_kept_is_empty(any_store: Ports) -> None:
    assert await any_store.agreements.get(ACCOUNT) == KeptAgreement(Agreement(), 0)


async def test_what_is_kept_is_what_is_found(any_store: Ports) -> None:
    kept = await any_store.agreements.keep(ACCOUNT, FULL, after=0)
    found = await any_store.agreements.get(ACCOUNT)
    assert found == kept == KeptAgreement(FULL, 1)
    (home,) = found.agreement.web.intended["addresses"]  # type: ignore[misc]
    assert (home.shown, home.by) == (HOME.shown, Side.WEB)
    assert await any_store.agreements.get(Ref("web", "customer", "42")) == KeptAgreement()


@pytest.mark.parametrize("after", [0, 2])
async def test_of_two_who_settle_from_the_same_one_only_the_first_keeps(any_store: Ports, after: int) -> None:
    for version in range(after + 1):
        await any_store.agreements.keep(ACCOUNT, Agreement(), after=version)
    with pytest.raises(Fenced, match=f"version {after}"):
        await any_store.agreements.keep(ACCOUNT, FULL, after=after)
    assert await any_store.agreements.get(ACCOUNT) == KeptAgreement(Agreement(), after + 1)


async def test_what_was_never_kept_has_no_later_version(any_store: Ports) -> None:
    with pytest.raises(Fenced):
        await any_store.agreements.keep(ACCOUNT, FULL, after=3)

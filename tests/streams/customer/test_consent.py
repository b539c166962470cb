"""An opt-out wins, and that nothing is said is never consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import Consent, ConsentChannel
from streams.customer.agreement import Agreement, Settlement, landed, settle
from streams.customer.consent import standing
from streams.customer.echo import Side, Telling, Value
from streams.customer.ownership import CUSTOMER_FIELDS, FieldRule, Kind, Owner, Ownership
from tests.streams.customer.fields import at, consent, told

WEB, POS = Side.WEB, Side.POS
OWNS = Ownership()
SHARED = Ownership({**CUSTOMER_FIELDS, "consent.email": FieldRule(Owner.SHARED, Kind.CONSENT)})
FIELD = "consent.email"


def heard(agreement: Agreement, owns: Ownership = OWNS, **given: Value) -> Settlement:
    """What follows when the sides say this, a second after everything that they said before."""
    known = [mirror.at for mirror in (agreement.web, agreement.pos) if mirror.at]
    later = max(known) + timedelta(seconds=1) if known else at(0)
    return settle(owns, agreement, {Side(side): Telling({FIELD: one}, later) for side, one in given.items()}, now=at(0))


def linked(web: bool | None, pos: bool | None, owns: Ownership = OWNS) -> Agreement:
    """Two records that were linked when they said this, and what follows from it written."""
    return written(heard(Agreement(), owns, web=consent(web, WEB), pos=consent(pos, POS)))


def written(made: Settlement) -> Agreement:
    agreement = made.agreement
    for side, changes in made.writes.items():
        agreement = landed(agreement, side, told(0, consent=changes[FIELD].wanted))
    return agreement


def sent(made: Settlement) -> dict[str, object]:
    return {
        str(side): change.wanted.key
        for side, changes in made.writes.items()
        for change in changes.values()
        if isinstance(change.wanted, Value)
    }


def said(given: bool, source: str, seconds: int, channel: ConsentChannel = ConsentChannel.EMAIL) -> Consent:
    return Consent(channel=channel, given=given, source=source, at=at(seconds))


@pytest.mark.rule("guards.opt_out_wins")
@given(st.lists(st.builds(said, st.booleans(), st.sampled_from("abc"), st.integers(0, 9)), max_size=4))
def test_whoever_opted_out_anywhere_has_opted_out(consents: list[Consent]) -> None:
    found = standing(consents, ConsentChannel.EMAIL)
    assert (found.given if found else None) == (all(one.given for one in consents) if consents else None)
    assert found is None or found.at == max(one.at for one in consents if one.given == found.given)


@pytest.mark.rule("guards.absence_no_consent")
def test_nothing_said_is_not_consent_and_says_nothing_about_another_channel() -> None:
    assert standing([], ConsentChannel.EMAIL) is None
    assert standing([said(True, "web", 0, ConsentChannel.SMS)], ConsentChannel.EMAIL) is None


@pytest.mark.rule("guards.absence_no_consent")
@pytest.mark.parametrize("owns", [OWNS, SHARED])
def test_silence_is_written_nowhere(owns: Ownership) -> None:
    silent = heard(Agreement(), owns, web=consent(None, WEB), pos=consent(None, POS))
    assert sent(silent) == {}
    assert silent.agreement.wanted(FIELD) == consent(None, WEB)


@pytest.mark.rule("guards.pos_flag_no_subscription")
def test_a_flag_of_the_point_of_sale_subscribes_nobody_unless_the_flow_shares_it() -> None:
    assert sent(heard(linked(None, None), pos=consent(True, POS))) == {}
    assert sent(heard(Agreement(), web=consent(None, WEB), pos=consent(True, POS))) == {}
    assert sent(heard(linked(None, None, SHARED), SHARED, pos=consent(True, POS))) == {"web": True}


def test_an_opt_in_of_the_web_store_is_told_to_the_store() -> None:
    assert sent(heard(linked(None, None), web=consent(True, WEB))) == {"pos": True}


@pytest.mark.rule("guards.opt_out_wins")
@pytest.mark.parametrize("owns", [OWNS, SHARED])
@pytest.mark.parametrize("side", list(Side))
def test_an_opt_out_of_either_side_reaches_the_other(owns: Ownership, side: Side) -> None:
    agreed = linked(True, True, owns)
    assert sent(heard(agreed, owns, **{side: consent(False, side)})) == {side.other: False}


@pytest.mark.rule("guards.opt_out_wins")
@pytest.mark.parametrize("owns", [OWNS, SHARED])
@pytest.mark.parametrize("side", list(Side))
def test_an_opt_out_wins_over_a_newer_opt_in_elsewhere(owns: Ownership, side: Side) -> None:
    agreed = linked(None, None, owns)
    out, back = consent(False, side, 1), consent(True, side.other, 9)
    assert sent(heard(agreed, owns, **{side: out, side.other: back})) == {side.other: False}
    # And one after the other, in either order.
    first = written(heard(agreed, owns, **{side: out}))
    assert sent(heard(first, owns, **{side.other: back})) == {side.other: False}
    first = written(heard(agreed, owns, **{side.other: back}))
    assert sent(heard(first, owns, **{side: out})) == {side.other: False}


@pytest.mark.rule("guards.consent_source_and_time")
def test_a_flag_that_is_taken_off_is_an_opt_out_with_its_place_and_time() -> None:
    made = heard(linked(True, True), web=consent(None, WEB))
    assert sent(made) == {"pos": False}
    wanted = made.writes[POS][FIELD].wanted
    assert isinstance(wanted, Value)
    assert wanted.shown == Consent(channel=ConsentChannel.EMAIL, given=False, source="web:taken off", at=at(1))


def test_what_is_sent_carries_where_and_when_it_was_said() -> None:
    wanted = heard(linked(None, None), web=consent(True, WEB, 5)).writes[POS][FIELD].wanted
    assert isinstance(wanted, Value)
    assert wanted.shown == said(True, "web:newsletter", 5)


def test_who_opted_out_may_come_back_where_that_was_said() -> None:
    out = written(heard(linked(True, True), web=consent(False, WEB)))
    assert sent(heard(out, web=consent(True, WEB))) == {"pos": True}


def test_who_opted_out_in_the_store_takes_it_back_there_and_subscribes_in_the_web_store() -> None:
    out = written(heard(linked(True, True), pos=consent(False, POS)))
    refused = heard(out, web=consent(True, WEB))
    assert sent(refused) == {"web": False}
    (note,) = refused.notes
    assert note == (
        "consent.email: given in web, but the customer opted out in pos on 2026-11-24 (pos:newsletter): the opt-out "
        "stands; if the customer wants it back, record that in pos."
    )
    back = heard(written(refused), pos=consent(True, POS))
    assert sent(back) == {}
    assert sent(heard(written(back), web=consent(True, WEB))) == {}
    assert heard(written(back), web=consent(True, WEB)).agreement.wanted(FIELD) == consent(True, WEB)


def test_linking_a_subscriber_to_one_who_opted_out_unsubscribes() -> None:
    assert sent(heard(Agreement(), web=consent(True, WEB), pos=consent(False, POS))) == {"web": False}

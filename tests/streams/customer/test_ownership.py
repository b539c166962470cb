"""Which side's change counts, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from streams.customer.agreement import Agreement, Settlement, landed, settle
from streams.customer.echo import Side, Telling, members
from streams.customer.flips import Restlessness
from streams.customer.ownership import CUSTOMER_FIELDS, FieldRule, Kind, Owner, Ownership
from tests.streams.customer.fields import at, consent, entries, told, value

WEB, POS = Side.WEB, Side.POS
OWNS = Ownership()
LINKED: dict[str, Any] = {
    "email": "ann@example.com",
    "last_name": "Webb",
    "phone": "512",
    "addresses": ("Austin", "Waco"),
}


def heard(agreement: Agreement, owns: Ownership = OWNS, now: int = 0, **tellings: Any) -> Settlement:
    return settle(owns, agreement, {Side(side): telling for side, telling in tellings.items()}, now=at(now))


def linked(owns: Ownership = OWNS, **fields: Any) -> Agreement:
    """Two records that agree."""
    both = LINKED | fields
    made = heard(Agreement(), owns, web=told(0, **both), pos=told(0, **both, loyalty_points=5))
    assert not made.writes
    return made.agreement


def sent(settlement: Settlement) -> dict[str, dict[str, object]]:
    """What is written where, as shown."""
    return {
        str(side): {
            name: sorted(str(one.shown) for one in change.wanted)
            if isinstance(change.wanted, frozenset)
            else change.wanted.shown
            for name, change in changes.items()
        }
        for side, changes in settlement.writes.items()
    }


@pytest.mark.parametrize(
    ("by", "change", "written"),
    [
        ("web", {"last_name": "Reed"}, {"pos": {"last_name": "Reed"}}),
        ("web", {"email": "new@example.com"}, {"pos": {"email": "new@example.com"}}),
        ("web", {"last_name": "WEBB"}, {}),
        ("pos", {"last_name": "Reed"}, {"pos": {"last_name": "Webb"}}),
        ("pos", {"email": ""}, {"pos": {"email": "ann@example.com"}}),
        ("pos", {"phone": "513"}, {"web": {"phone": "513"}}),
        ("web", {"phone": "513"}, {"pos": {"phone": "513"}}),
        ("web", {"phone": ""}, {"pos": {"phone": ""}}),
        ("pos", {"addresses": ("Austin", "Waco", "Dallas")}, {"web": {"addresses": ["Austin", "Dallas", "Waco"]}}),
        ("pos", {"addresses": ("Austin",)}, {"pos": {"addresses": ["Austin", "Waco"]}}),
        ("web", {"addresses": ("Austin",)}, {"pos": {"addresses": ["Austin"]}}),
        ("web", {"addresses": ()}, {"pos": {"addresses": []}}),
        # Nobody owns it in this flow.
        ("web", {"favourite_colour": "red"}, {}),
    ],
)
def test_a_change_counts_where_its_field_is_owned(
    by: str, change: dict[str, Any], written: dict[str, dict[str, object]]
) -> None:
    tellings: dict[str, Any] = {by: told(1, **change)}
    assert sent(heard(linked(), **tellings)) == written


@pytest.mark.rule("products.loyalty_ledger")
def test_points_are_the_point_of_sales() -> None:
    both = heard(Agreement(), web=told(0, loyalty_points=99), pos=told(0, loyalty_points=5))
    assert sent(both) == {"web": {"loyalty_points": 5}}
    agreed = landed(both.agreement, WEB, told(1, loyalty_points=5))
    assert sent(heard(agreed, web=told(2, loyalty_points=1000))) == {"web": {"loyalty_points": 5}}
    assert sent(heard(agreed, pos=told(2, loyalty_points=0))) == {"web": {"loyalty_points": 0}}


def test_a_change_that_did_not_count_is_told_with_what_to_do() -> None:
    assert heard(linked(), pos=told(1, last_name="Reed")).notes == (
        "last_name: 'Reed' from pos was not taken over, as web owns it: it stays 'Webb'; to change it, edit it in web.",
    )
    (note,) = heard(linked(), pos=told(1, addresses=("Austin",))).notes
    assert note == "addresses: 1 removed in pos, which does not own them: put back; remove them in web."


def test_when_both_change_a_shared_field_the_preferred_side_counts() -> None:
    both: dict[str, Any] = {"web": told(1, phone="1"), "pos": told(9, phone="2")}
    assert sent(heard(linked(), **both)) == {"pos": {"phone": "1"}}
    assert sent(heard(linked(), Ownership(prefers=POS), **both)) == {"web": {"phone": "2"}}
    assert heard(linked(), **both).notes == (
        "phone: '2' from pos was not taken over, as both sides changed it: it stays '1'; to change it, edit it in web.",
    )


def test_when_two_records_are_linked_an_empty_field_erases_nothing() -> None:
    first = heard(Agreement(), web=told(0, last_name="", phone="1"), pos=told(0, last_name="Reed", phone=""))
    assert sent(first) == {"web": {"last_name": "Reed"}, "pos": {"phone": "1"}}
    assert not first.notes


def test_when_two_records_are_linked_the_owners_value_counts_and_every_address_stays() -> None:
    web = told(0, last_name="Webb", addresses=("Austin",))
    pos = told(0, last_name="Reed", addresses=("Waco",))
    written = {
        "web": {"addresses": ["Austin", "Waco"]},
        "pos": {"last_name": "Webb", "addresses": ["Austin", "Waco"]},
    }
    assert sent(heard(Agreement(), web=web, pos=pos)) == written
    # Whichever is told first.
    assert sent(heard(heard(Agreement(), web=web).agreement, pos=pos)) == written
    assert sent(heard(heard(Agreement(), pos=pos).agreement, web=web)) == written


def test_a_field_that_one_side_does_not_keep_is_never_written_there() -> None:
    alone = heard(linked(), pos=told(1, notes="Rings twice.", loyalty_points=6))
    assert not alone.writes


def test_what_was_removed_is_named_so_that_nothing_else_is() -> None:
    (change,) = heard(linked(), web=told(1, addresses=("Austin",))).writes[POS].values()
    assert change.gone == entries("Waco")
    assert members(change.wanted) == entries("Austin")


def test_an_address_that_one_side_adds_is_kept_although_the_other_removes_its_like() -> None:
    agreed = heard(Agreement(), web=told(0, addresses=("Austin", "Waco")), pos=told(0, addresses=("Austin",))).agreement
    kept = landed(agreed, POS, told(1, addresses=("Austin",)))
    both = heard(kept, web=told(2, addresses=("Austin",)), pos=told(2, addresses=("Austin", "Waco")))
    assert sent(both) == {"web": {"addresses": ["Austin", "Waco"]}}


def test_a_side_that_cannot_hold_everything_is_not_asked_again_and_removes_nothing() -> None:
    """Heartland takes 20 addresses."""
    shared = Ownership({"addresses": FieldRule(Owner.SHARED, Kind.SET)})
    full = heard(Agreement(), shared, web=told(0, addresses=("a", "b", "c")), pos=told(0, addresses=("a",)))
    kept = landed(full.agreement, POS, told(1, addresses=("a", "b")))
    assert not heard(kept, shared, pos=told(2, addresses=("a", "b"))).writes
    assert not heard(kept, shared, web=told(2, addresses=("a", "b", "c"))).writes


def test_a_telling_as_new_as_what_is_known_is_read_again_and_an_older_one_never_counts() -> None:
    agreed = linked()
    same = heard(agreed, web=told(0, last_name="Reed"))
    assert (same.read_again, same.writes) == (frozenset({WEB}), {})
    newer = heard(agreed, web=told(5, last_name="Reed")).agreement
    older = heard(landed(newer, POS, told(6, last_name="Reed")), web=told(4, last_name="Webb"))
    assert (older.read_again, older.writes) == (frozenset(), {})


def test_a_write_that_nobody_saw_land_is_sent_again() -> None:
    begun = heard(linked(), web=told(1, last_name="Reed"))
    again = heard(begun.agreement, web=told(1, last_name="Reed"))
    assert sent(again) == sent(begun) == {"pos": {"last_name": "Reed"}}
    assert not heard(landed(again.agreement, POS, told(2, last_name="Reed")), web=told(1, last_name="Reed")).writes


def test_a_change_taken_back_while_its_write_is_in_doubt_is_written_all_the_same() -> None:
    begun = heard(linked(), web=told(1, last_name="Reed"))
    assert sent(heard(begun.agreement, web=told(2, last_name="Webb"))) == {"pos": {"last_name": "Webb"}}


class Restless:
    """Two systems and what is agreed about them."""

    def __init__(self, owns: Ownership = OWNS) -> None:
        self.owns, self.agreement, self.seconds = owns, linked(owns), 0

    def edit(self, side: Side, later: timedelta = timedelta(seconds=1), **fields: Any) -> Settlement:
        """One edits, and what follows is written."""
        self.seconds += int(later.total_seconds())
        made = heard(self.agreement, self.owns, self.seconds, **{side: told(self.seconds, **fields)})
        if not made.review:
            self.agreement = made.agreement
            for target, changes in made.writes.items():
                answer = Telling({name: change.wanted for name, change in changes.items()}, at(self.seconds))
                self.agreement = landed(self.agreement, target, answer)
        return made


def test_a_field_that_goes_back_and_forth_goes_to_a_person() -> None:
    both = Restless()
    made = [both.edit(WEB if n % 2 else POS, phone=str(n % 2)) for n in range(7)]
    assert not any(one.review for one in made[:6])
    assert made[6].writes == {}
    assert made[6].review == (
        "phone went back and forth between the web store and the point of sale 6 times within 60 minutes: something on "
        "each side sets it again. Find out what does, or let one side own the field in the flow's owns; then replay "
        "this event. Until then nothing is written"
    )
    assert made[6].agreement == both.agreement
    both.agreement = both.agreement.calmed()
    assert both.edit(POS, phone="new").writes


def test_a_side_that_sets_what_it_does_not_own_again_and_again_goes_to_a_person() -> None:
    both = Restless()
    made = [both.edit(POS, last_name="WEBB JR") for _ in range(6)]
    assert [bool(one.review) for one in made] == [False] * 5 + [True]


def test_an_owner_that_is_busy_is_not_restless() -> None:
    both = Restless()
    assert not any(both.edit(WEB, last_name=name).review for name in ["Webb", "Reed"] * 20)


def test_a_change_now_and_then_is_no_loop() -> None:
    both = Restless()
    assert not any(both.edit(WEB if n % 2 else POS, timedelta(minutes=15), phone=str(n)).review for n in range(20))


def test_a_customer_who_is_edited_in_two_places_is_no_loop() -> None:
    """Different fields: each has its own direction."""
    both = Restless()
    for n in range(20):
        assert not both.edit(WEB, last_name=f"Webb {n}").review
        assert not both.edit(POS, phone=str(n)).review


def test_how_much_is_too_much_is_the_flows() -> None:
    made = settle(
        OWNS,
        linked(),
        {POS: told(1, last_name="Reed")},
        now=at(1),
        restlessness=Restlessness(flips=1, window=timedelta(minutes=5)),
    )
    assert "1 times within 5 minutes" in made.review


def test_store_staff_own_what_the_till_keeps_and_customers_what_they_enter() -> None:
    owned = {name: rule.owner for name, rule in CUSTOMER_FIELDS.items()}
    assert {name for name, owner in owned.items() if owner is Owner.POS} == {"loyalty_points", "notes", "group"}
    assert {"email", "first_name", "last_name", "addresses", "consent.email"} <= {
        name for name, owner in owned.items() if owner is Owner.WEB
    }


def test_an_agreement_starts_from_nothing() -> None:
    assert Agreement().wanted("phone") is None
    assert linked().wanted("phone") == value("512")
    assert linked().wanted("consent.email") is None
    assert linked(consent=consent(None, WEB)).wanted("consent.email") == consent(None, WEB)

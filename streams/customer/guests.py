"""Guests: who bought without an account. They have a profile in the point of sale at most, never a Magento account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from streams.customer.matching import Decision, Outcome, Person


class NewGuest(StrEnum):
    """What a guest gets whom nobody is like."""

    PROFILE = "profile"
    """A profile of its own."""
    SHARED = "shared"
    """The shared profile "Web guest"."""


@dataclass(frozen=True, slots=True)
class GuestPolicy:
    """What becomes of guests.

    Attributes:
        pos: the point of sale's connection: only its profiles count.
        new: what one gets whom nobody is like.
        shared: the "Web guest"'s profile; needed if ``new`` is SHARED.
    """

    pos: str
    new: NewGuest = NewGuest.SHARED
    shared: Person | None = None

    def __post_init__(self) -> None:
        if self.new is NewGuest.SHARED and self.shared is None:
            raise ValueError("guests go to the shared profile, but it is not named: name it, or let each get its own")
        if self.shared is not None and self.shared.ref.connection != self.pos:
            raise ValueError(f"the shared profile {self.shared.ref} is not in {self.pos}")


def match_guest(order: str, email: str, candidates: Sequence[Person], policy: GuestPolicy) -> Decision:
    """The profile that a guest's order goes to.

    By exact e-mail and nothing else: what a guest types into a checkout proves no name, and nobody shall find another
    person's purchases under theirs.

    Args:
        order: its number, for the message.
        email: normalised; empty if the guest left none.
        candidates: who may have it; accounts of the web store among them are passed over.
    """
    found = [one for one in candidates if email and one.email == email and one.ref.connection == policy.pos]
    own = sorted(one.ref for one in found if policy.shared is None or one.ref != policy.shared.ref)
    if len(own) > 1:
        listed = ", ".join(str(ref) for ref in own)
        return Decision(
            Outcome.REVIEW,
            f"the guest of order {order} has the e-mail address of {len(own)} profiles: {listed}; merge them in the "
            f"point of sale, or choose one",
        )
    if own:
        return Decision(Outcome.LINK, f"the guest of order {order} has the same e-mail as {own[0]}", own[0])
    if policy.new is NewGuest.PROFILE and email:
        return Decision(Outcome.CREATE, f"nobody has the e-mail of order {order}'s guest, who gets a profile")
    if policy.shared is None:
        return Decision(
            Outcome.REVIEW,
            f"the guest of order {order} left no e-mail and there is no shared profile: choose one for the order",
        )
    return Decision(Outcome.LINK, f"order {order} goes to the shared profile of guests", policy.shared.ref)

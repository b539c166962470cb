"""Who is the same person: candidates for one customer, scored by what they share, and what to do about it.

An e-mail address is worth the most and proves nothing: families share one, and one is passed on. It is only ever for
matching; a customer's key is the canonical id in the links.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from schemas.ids import Ref


class Outcome(StrEnum):
    """What to do with a customer that has no counterpart yet."""

    LINK = "link"
    """It is that profile."""
    MERGE = "merge"
    """It is several profiles, which are one person: link it to one, and the others to that."""
    CREATE = "create"
    """Nobody has it: make a profile."""
    REVIEW = "review"
    """A person must say."""
    REJECT = "reject"
    """It cannot be a profile."""


class Sharing(StrEnum):
    """Magento's account sharing (``customer/account_share/scope``): where an e-mail address has one account."""

    WEBSITE = "website"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Account:
    """An account in the web store that a profile is linked to."""

    ref: Ref
    website: str


@dataclass(frozen=True, slots=True)
class Person:
    """What tells one customer from another, each normalised by whoever knows how; what is not known is empty.

    Attributes:
        ref: an account or a profile. An account that has its profile is no candidate.
        name, address: for comparison; ``shown`` is the name for a person to read.
        website: an account's; empty for a profile.
        linked: the accounts that a profile is linked to.
    """

    ref: Ref
    email: str = ""
    phone: str = ""
    name: str = ""
    address: str = ""
    shown: str = ""
    website: str = ""
    linked: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """Points for a trait that two customers share, and for one in which they differ. Unknown on either side: none."""

    same: int
    other: int = 0


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """When two customers are one, and what to do when that is not clear.

    As it comes: the same e-mail links if something else is the same too and the name is no other. By itself it is a
    question, and so it is under another name, whatever else is the same, as families share both; so is the same name
    at the same phone or address without an e-mail. Any other trait by itself says nothing.

    Attributes:
        link_at: points from which a candidate is the same.
        review_at: points from which it may be.
        doubtful: what to do with one that may be: review, create or link.
        several: what to do if more than one is the same: review or merge.
        taken: what to do if the profile already has an account there: review, create or reject.
    """

    email: Weight = Weight(90, -20)
    phone: Weight = Weight(20)
    name: Weight = Weight(30, -40)
    address: Weight = Weight(20)
    link_at: int = 100
    review_at: int = 50
    doubtful: Outcome = Outcome.REVIEW
    several: Outcome = Outcome.REVIEW
    taken: Outcome = Outcome.REVIEW
    sharing: Sharing = Sharing.WEBSITE

    def __post_init__(self) -> None:
        _one_of("doubtful", self.doubtful, Outcome.REVIEW, Outcome.CREATE, Outcome.LINK)
        _one_of("several", self.several, Outcome.REVIEW, Outcome.MERGE)
        _one_of("taken", self.taken, Outcome.REVIEW, Outcome.CREATE, Outcome.REJECT)
        if self.review_at > self.link_at:
            raise ValueError(f"review_at {self.review_at} is above link_at {self.link_at}: it would never count")


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate, and how much speaks for it.

    Attributes:
        reasons: the traits that were compared, for a person.
        account: the account that it is linked to already, where this one would be a second.
    """

    candidate: Person
    score: int
    reasons: tuple[str, ...]
    account: Account | None = None

    def __str__(self) -> str:
        name = f" ({self.candidate.shown})" if self.candidate.shown else ""
        return f"{self.candidate.ref}{name}, {self.score} points: {', '.join(self.reasons) or 'nothing in common'}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why.

    Attributes:
        profile: whom to link to; None unless there is one.
        others: with MERGE, the profiles that are the same person.
        why: for a person: who was compared, what they share, and what to do next where that is not done.
    """

    outcome: Outcome
    why: str
    profile: Ref | None = None
    others: tuple[Ref, ...] = field(default=())


def match(customer: Person, candidates: Sequence[Person], policy: MatchPolicy) -> Decision:
    """What to do with a customer, given who may be the same person. The order of the candidates makes no difference."""
    if not (customer.email or customer.phone or customer.name):
        return Decision(
            Outcome.REJECT,
            f"{customer.ref} has neither name, e-mail nor phone: nobody could recognise its profile; complete it "
            f"where it comes from",
        )
    matches = sorted(
        (score(customer, candidate, policy) for candidate in candidates),
        key=lambda one: (-one.score, one.candidate.ref),
    )
    likely = [one for one in matches if one.score >= policy.review_at]
    same = [one for one in likely if one.score >= policy.link_at]
    if not likely:
        return Decision(Outcome.CREATE, _nobody(customer, matches))
    free = [one for one in same if one.account is None]
    if len(same) > 1:
        return _several(customer, same, policy)
    if same and not free:
        return _taken(customer, same[0], policy)
    if free:
        return Decision(Outcome.LINK, f"{_named(customer)} is {free[0]}", free[0].candidate.ref)
    return _doubtful(customer, likely, policy)


def score(customer: Person, candidate: Person, policy: MatchPolicy) -> Match:
    """How much speaks for two customers being one."""
    points, reasons = 0, []
    for label, weight, mine, theirs in (
        ("e-mail", policy.email, customer.email, candidate.email),
        ("phone", policy.phone, customer.phone, candidate.phone),
        ("name", policy.name, customer.name, candidate.name),
        ("address", policy.address, customer.address, candidate.address),
    ):
        if not (mine and theirs):
            continue
        points += weight.same if mine == theirs else weight.other
        reasons.append(f"same {label}" if mine == theirs else _other(label, customer, candidate))
    return Match(candidate, points, tuple(reasons), _account_in_the_way(customer, candidate, policy.sharing))


def _other(label: str, customer: Person, candidate: Person) -> str:
    if label != "name":
        return f"other {label}"
    return f"other name: '{customer.shown or customer.name}' and '{candidate.shown or candidate.name}'"


def _account_in_the_way(customer: Person, candidate: Person, sharing: Sharing) -> Account | None:
    """The account that keeps a profile and an account from being linked: the profile has another one on that website,
    or, where accounts are shared by all websites, another one in that store."""
    profile, account = (candidate, customer) if customer.website else (customer, candidate)
    for linked in profile.linked:
        another = linked.ref.connection == account.ref.connection and linked.ref != account.ref
        if another and (sharing is Sharing.GLOBAL or linked.website == account.website):
            return linked
    return None


def _nobody(customer: Person, matches: Sequence[Match]) -> str:
    nearest = f"; nearest is {matches[0]}" if matches and matches[0].reasons else ""
    return f"nobody is like {_named(customer)}{nearest}"


def _taken(customer: Person, one: Match, policy: MatchPolicy) -> Decision:
    account = one.account.ref if one.account else ""
    scope = "one account on each website" if policy.sharing is Sharing.WEBSITE else "one account for all websites"
    why = f"{_named(customer)} is {one}; but that profile is linked to {account} already, and has {scope} at most"
    todo = {
        Outcome.REVIEW: "close one of the two accounts, or let this one have a profile of its own",
        Outcome.CREATE: "it gets a profile of its own",
        Outcome.REJECT: "it is not linked",
    }[policy.taken]
    return Decision(policy.taken, f"{why}: {todo}")


def _several(customer: Person, same: Sequence[Match], policy: MatchPolicy) -> Decision:
    listed = "; ".join(str(one) for one in same)
    in_the_way = next((one for one in same if one.account is not None), None)
    if policy.several is Outcome.MERGE and in_the_way is None:
        first, *others = (one.candidate.ref for one in same)
        return Decision(
            Outcome.MERGE, f"{_named(customer)} is all of these, which are merged: {listed}", first, tuple(others)
        )
    return Decision(
        Outcome.REVIEW,
        f"{_named(customer)} may be any of these: {listed}; merge them in the point of sale, or choose one",
    )


def _doubtful(customer: Person, likely: Sequence[Match], policy: MatchPolicy) -> Decision:
    listed = "; ".join(str(one) for one in likely)
    if policy.doubtful is Outcome.CREATE:
        return Decision(Outcome.CREATE, f"{_named(customer)} is too unlike those that there are: {listed}")
    if policy.doubtful is Outcome.LINK and len(likely) == 1 and likely[0].account is None:
        return Decision(Outcome.LINK, f"{_named(customer)} is taken for {listed}", likely[0].candidate.ref)
    return Decision(
        Outcome.REVIEW,
        f"{_named(customer)} may be {listed}; {policy.link_at} are needed to link by itself: choose one, or create a "
        f"new profile",
    )


def _named(person: Person) -> str:
    return f"{person.ref} ({person.shown})" if person.shown else str(person.ref)


def _one_of(name: str, given: Outcome, *allowed: Outcome) -> None:
    if given not in allowed:
        raise ValueError(f"{name} is '{given}', but may be {', '.join(allowed)}")

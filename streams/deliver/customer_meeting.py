"""A customer that has no counterpart yet: what is to be done, and how it is told. What a target offers is its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.canonical import Customer
from schemas.ids import MissingLink, Ref
from streams.customer.links import Pair
from streams.customer.matching import Decision
from streams.deliver.create_once import CreateOnce
from streams.errors import Doubtful


@dataclass(frozen=True, slots=True)
class Stranger:
    """It has none, and gets none; ``why`` is for the journal."""

    why: str


@dataclass(frozen=True, slots=True)
class Same:
    """It is somebody whom the target has.

    Attributes:
        pair: the two.
        website: the account's.
        why: for the journal.
        merged: other profiles that are the same person.
    """

    pair: Pair
    website: str
    why: str
    merged: tuple[Ref, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class New:
    """It gets one.

    Attributes:
        effect: makes it and links the two.
        what: ``a profile of web:customer:42 (Ann Webb)``.
        website: the account's.
    """

    effect: CreateOnce
    what: str
    website: str


Meeting = Stranger | Same | New


class Newcomers(Protocol):
    """Who meets the customers of one target."""

    async def meet(self, customer: Customer, flow: str) -> Sequence[Meeting]:
        """What is to be done about a customer without a counterpart: one thing for each website that it may be on.

        Raises:
            Doubtful: a person must say who it is.
            Rejected: a person must look.
        """
        ...


def doubtful(decision: Decision, link: MissingLink, command: str, or_else: str) -> Doubtful:
    """What a person is told who must say which of several it is.

    Args:
        decision: why.
        link: says who it is, and releases the event.
        command: what to type to link it.
        or_else: what to do if it is none of them.
    """
    return Doubtful(
        f"{decision.why}. Choose: {command}. {or_else} Until then nothing of it is written to {link.connection}.",
        waits_for=link,
    )


def link_command(account: str, profile: str, channel: str) -> str:
    """The command that says which profile an account is; what is not known is left to fill in.

    Args:
        account: the account's id.
        profile: the profile's.
        channel: name of a channel that joins the two.
    """
    return f"tillstream link-customer {account} {profile}" + (f" --channel {channel}" if channel else "")

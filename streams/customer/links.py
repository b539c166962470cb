"""How the link of an account and its profile is named.

A ref has one counterpart in a connection, and a profile has one account on each website. So the profile is linked
under a name for each of them, which has the website in its type: ``pos:customer@2:1001``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.ids import Ref

CUSTOMER = "customer"
MERGED = f"{CUSTOMER}@merged"
"""Type of a profile's name that is the same person as another one, which has the link."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An account of the web store, and the profile of the same person."""

    account: Ref
    profile: Ref

    @property
    def key(self) -> Ref:
        """Under which what the two agree on is kept: an account has a profile in each point of sale."""
        return self.account._replace(native_id=f"{self.account.native_id}@{self.profile.connection}")


def linked_name(profile: Ref, website: str) -> Ref:
    """The profile's name in the link to its account on a website."""
    return profile._replace(type=f"{CUSTOMER}@{website}")


def linked_names(profile: Ref, websites: Iterable[int]) -> dict[Ref, str]:
    """All its names that there may be, and the website of each."""
    return {linked_name(profile, str(website)): str(website) for website in websites}


def own_name(linked: Ref) -> Ref:
    """The profile itself, by its name in a link."""
    return linked._replace(type=CUSTOMER)


def merged_names(account: Ref, profile: Ref) -> tuple[Ref, Ref]:
    """The link that says that a profile is the same person as the one that the account is linked to."""
    return account._replace(type=MERGED, native_id=f"{account.native_id}/{profile.native_id}"), profile._replace(
        type=MERGED
    )

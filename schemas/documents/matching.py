"""When two customers are one person, and what to do where that is not clear; what is not given is as it comes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from schemas.documents.base import Document


class TraitWeight(Document):
    """Points for a trait that two customers share, and for one in which they differ."""

    same: int
    other: int = 0


class Matching(Document):
    """A flow's ``match``; what comes without it is `streams.customer.matching.MatchPolicy`.

    Attributes:
        email, phone, name, address: what each trait is worth.
        link_at: points from which somebody is the same.
        review_at: points from which somebody may be.
        doubtful: what becomes of a customer whom somebody may be.
        several: what becomes of one whom more than one are.
        taken: what becomes of one whose profile has an account there already.
        sharing: Magento's account sharing (``customer/account_share/scope``).
    """

    email: TraitWeight | None = None
    phone: TraitWeight | None = None
    name: TraitWeight | None = None
    address: TraitWeight | None = None
    link_at: int = 100
    review_at: int = 50
    doubtful: Literal["review", "create", "link"] = "review"
    several: Literal["review", "merge"] = "review"
    taken: Literal["review", "create", "reject"] = "review"
    sharing: Literal["website", "global"] = "website"

    @model_validator(mode="after")
    def _what_may_be_is_less_than_what_is(self) -> Self:
        if self.review_at > self.link_at:
            raise ValueError(f"review_at {self.review_at} is above link_at {self.link_at}: it would never count")
        return self

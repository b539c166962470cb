"""What every canonical entity shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.ids import Ref


def _exact(value: object) -> object:
    """A JSON float becomes the Decimal that it was written as (Magento sends money as floats, scale 4)."""
    return repr(value) if isinstance(value, float) else value


Money = Annotated[Decimal, Field(max_digits=16, decimal_places=4), BeforeValidator(_exact)]
"""An amount in the entity's currency; whole currency units, four decimals at most."""

Quantity = Annotated[Decimal, Field(max_digits=16, decimal_places=4), BeforeValidator(_exact)]
"""A number of pieces; Magento sells fractions of some goods."""

UnsignedMoney = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4), BeforeValidator(_exact)]
"""An amount that its name gives a direction: refunded, deducted, still there."""

Pieces = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=4), BeforeValidator(_exact)]
"""How many pieces something is about; without any, it is about nothing."""

PositiveMoney = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=4), BeforeValidator(_exact)]
"""An amount without which nothing happened."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""


def _is_ref(text: str) -> str:
    Ref.parse(text)
    return text


RefText = Annotated[str, AfterValidator(_is_ref)]
"""A `schemas.ids.Ref` as text: ``connection:type:native id``."""


class Canonical(BaseModel):
    """Base of the canonical entities: immutable, unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refuse_twice(what: str, names: Iterable[str]) -> None:
    """Raises ValueError if a name comes twice: which one counts, nobody could say."""
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{what} '{name}' is given {times} times")

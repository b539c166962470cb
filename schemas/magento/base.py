"""What every Magento wire model shares: unknown keys are ignored, and null is the same as missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


class Wire(BaseModel):
    """Base of what we read from Magento's REST API.

    Magento leaves out null keys of some fields and sends null for others, and which is which changes between releases;
    both mean the default here. PHP writes an empty object as ``[]``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        if value == []:
            return {}
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value


def _exact(value: object) -> object:
    """A JSON float becomes the Decimal that it was written as."""
    return repr(value) if isinstance(value, float) else value


def _text(value: object) -> object:
    """Ids come as numbers or as strings."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Amount = Annotated[Decimal, BeforeValidator(_exact)]
"""Money or a quantity: a JSON number, now and then a string; scale 4 in Magento's database."""

Id = Annotated[str, BeforeValidator(_text)]
"""A native id."""

Moment = str
"""``YYYY-MM-DD HH:MM:SS``, UTC, without a zone."""

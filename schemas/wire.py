"""What the wire models of both systems share: unknown keys are ignored, and null is the same as missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

Amount = Decimal
"""Money in whole currency units, or a quantity: a JSON number, now and then a string."""


class Wire(BaseModel):
    """Base of what is read from another system's API.

    Magento leaves out null keys of some fields and sends null for others, and which is which changes between releases:
    both mean the default. PHP writes an empty object as ``[]``. Ids come as numbers or as strings and are text here.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        if value == []:
            return {}
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None}
        return value

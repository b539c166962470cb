"""The hash of what is sent or told: equal content has an equal one, however its keys are ordered."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import orjson


def content_hash(document: Mapping[str, object]) -> str:
    """Hex SHA-256 of a document in JSON."""
    return sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()

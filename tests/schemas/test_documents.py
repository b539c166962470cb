"""Documents are strict, and their JSON Schema says the same."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from schemas.documents import Channel, MappingDocument, Rule
from streams.engine import json_schema


def test_a_rule_knows_whether_it_has_a_default() -> None:
    assert Rule.model_validate({"to": "a", "value": 1, "default": None}).has_default
    assert not Rule.model_validate({"to": "a", "value": 1}).has_default


@pytest.mark.parametrize(
    "rule", [{"to": "a"}, {"to": "a", "value": 1, "from": "b"}, {"to": "a", "from": ""}, {"value": 1}]
)
def test_a_rule_needs_a_target_and_exactly_one_source(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(rule)


def test_the_json_schema_of_a_mapping_uses_the_words_of_the_yaml() -> None:
    schema = json_schema("mapping")
    good = {
        "kind": "mapping",
        "id": "shop.order.in",
        "version": 1,
        "system": "shop",
        "entity": "order",
        "direction": "in",
        "rules": [{"to": "number", "from": "increment_id"}],
    }
    jsonschema.validate(good, schema)
    MappingDocument.model_validate(good)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good | {"rules": [{"to": "number", "source_path": "x"}]}, schema)


@pytest.mark.parametrize("changes", [{"currency": "dollars"}, {"store": 1}])
def test_a_wrong_channel_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Channel.model_validate({"web": "web", "pos": "pos", "location": "MAIN"} | changes)

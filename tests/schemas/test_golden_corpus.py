"""What was once written is read for ever, and no shape changes under its version."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas.canonical import MODELS, REGISTRY, read_canonical
from tests.schemas.golden import GOLDEN, Golden, corpus, schema_of

CORPUS = corpus()
NEWEST = [body for body in CORPUS if body.version == REGISTRY.newest(body.entity)]
WORDS = {"title", "description", "$id", "$schema"}
"""Keys of a JSON Schema that say nothing about which documents fit."""


def bare(schema: Any) -> Any:
    """A JSON Schema without its words. A property may be called like one of them."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: bare(one) for name, one in value.items()} if key in {"properties", "$defs"} else bare(value)
        for key, value in schema.items()
        if key not in WORDS
    }


@pytest.mark.parametrize("body", CORPUS, ids=str)
def test_every_body_is_read_and_keeps_its_meaning(body: Golden) -> None:
    entity = read_canonical(body.entity, body.body)
    written = entity.model_dump_json().encode()
    assert type(entity) is MODELS[body.entity]
    assert read_canonical(body.entity, written) == entity
    assert orjson.loads(written)["schema_version"] == REGISTRY.newest(body.entity)


@pytest.mark.parametrize("body", NEWEST, ids=str)
def test_a_body_of_the_newest_version_is_written_as_it_was_read(body: Golden) -> None:
    written = read_canonical(body.entity, body.body).model_dump_json()
    assert orjson.loads(written) == orjson.loads(body.body)


@pytest.mark.parametrize("body", CORPUS, ids=str)
def test_every_body_fits_the_schema_of_its_version(body: Golden) -> None:
    document = orjson.loads(body.body)
    assert document["schema_version"] == body.version
    Draft202012Validator(schema_of(body.entity, body.version)).validate(document)


@pytest.mark.parametrize("entity", sorted(MODELS))
def test_no_shape_changes_without_a_new_version(entity: str) -> None:
    newest = REGISTRY.newest(entity)
    assert bare(REGISTRY.json_schema(entity)) == bare(schema_of(entity, newest)), (
        f"the shape of '{entity}' is not that of version {newest} any more: tests/data/golden/README.md says what to do"
    )


def test_a_schemas_words_may_change_and_nothing_else() -> None:
    said: dict[str, Any] = {"title": "A", "properties": {"title": {"type": "string", "description": "It."}}}
    assert bare(said) == bare({**said, "title": "B", "description": "New."})
    assert bare(said) != bare({"properties": {}})


@pytest.mark.parametrize("entity", sorted(MODELS))
def test_every_version_of_every_entity_has_bodies(entity: str) -> None:
    versions = {body.version for body in CORPUS if body.entity == entity}
    assert versions == set(range(1, REGISTRY.newest(entity) + 1))


def test_the_corpus_has_only_what_the_registry_reads() -> None:
    assert {folder.name for folder in GOLDEN.iterdir() if folder.is_dir()} == set(MODELS)

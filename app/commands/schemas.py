"""``tillstream schemas``: the JSON Schema of what Tillstream writes to its canonical topics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import typer

from app.exit_codes import OK
from schemas.canonical import MODELS, REGISTRY, UnknownEntity

Schema = Mapping[str, Any]


def show(entity: str | None, directory: Path | None) -> int:
    """Print the schema of one entity, or of all by entity; or write a file each. Returns the exit code.

    Raises:
        BadParameter: there is no such entity, or the directory cannot be written.
    """
    try:
        found = {name: REGISTRY.json_schema(name) for name in (sorted(MODELS) if entity is None else [entity])}
    except UnknownEntity as error:
        raise typer.BadParameter(str(error), param_hint="ENTITY") from error
    if directory is not None:
        _write(found, directory)
    else:
        typer.echo(_text(found if entity is None else found[entity]), nl=False)
    return OK


def _write(found: Mapping[str, Schema], directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for entity, schema in found.items():
            file = directory / f"{entity}.v{REGISTRY.newest(entity)}.schema.json"
            file.write_text(_text(schema), encoding="utf-8")
            typer.echo(str(file))
    except OSError as error:
        raise typer.BadParameter(f"cannot write there: {error}", param_hint="--directory") from error


def _text(schema: Mapping[str, Any]) -> str:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()

"""The settings' documentation, from the code, and their values as they are now, without secrets."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr

from app.settings.catalogue import Setting, catalogue
from app.settings.model import Settings

WIDTH = 110
MASK = "********"

INTRODUCTION = """\
Settings come from a TOML file (TILLSTREAM_CONFIG, else ./tillstream.toml) and from the environment, which wins.
A secret may be given as file:/path, to be read from there. <name> is a name of your choice. A list in a variable
is written with commas or as JSON, a table as JSON."""


def documentation() -> str:
    """Every setting: name, variable, type, default, meaning."""
    lines = [INTRODUCTION]
    heading = ""
    for setting in catalogue():
        if _heading(setting) != heading:
            heading = _heading(setting)
            lines += ["", heading]
        lines += ["", *_entry(setting)]
    return "\n".join(lines)


def _heading(setting: Setting) -> str:
    if len(setting.path) == 1:
        return "[general]"
    system = f"   ({setting.variant.capitalize()})" if setting.variant else ""
    head = ".".join(setting.path[:2]) if setting.path[1].startswith("<") else setting.path[0]
    return f"[{head}]{system}"


def _entry(setting: Setting) -> Iterator[str]:
    yield f"  {setting.name}"
    default = "must be given" if setting.default is None else f"default: {setting.default}"
    yield f"      {setting.variable}  ·  {setting.type}  ·  {default}"
    yield from textwrap.wrap(setting.meaning, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def values(settings: Settings) -> str:
    """The values that count, one a line; secrets only tell that they are set."""
    return "\n".join(f"{name} = {value}" for name, value in _flat("", settings))


def _flat(prefix: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _flat(f"{prefix}.{name}" if prefix else name, getattr(value, name))
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}", inner)
    else:
        yield prefix, _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else "(not set)"
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value)) or "(none)"
    return "(not set)" if value is None or value in ("", {}) else str(value)

"""The list of all settings, read off the models: names, types, defaults, meanings."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from app.settings.model import Settings

PREFIX = "TILLSTREAM_"
TESTS_PREFIX = "TILLSTREAM_TEST_"
"""Variables for the project's own tests, which no program reads."""
CONFIG_VARIABLE = "TILLSTREAM_CONFIG"
FLOWS_VARIABLE = "TILLSTREAM_FLOWS"
ANY = "<name>"
"""Stands in a path for a name that the operator chooses."""

_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Decimal: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
    AwareDatetime: "date and time with zone",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        path: its keys in the TOML file; ``<name>`` where the operator chooses.
        variant: the system of the connection that has it; empty elsewhere.
        annotation: its Python type.
        default: as text; None if it must be given.
        meaning: from the docstring in the code.
    """

    path: tuple[str, ...]
    variant: str
    annotation: Any
    default: str | None
    meaning: str

    @property
    def name(self) -> str:
        """As in the TOML file."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The environment variable."""
        return variable_of(self.path)

    @property
    def type(self) -> str:
        """Its type in a person's words."""
        return _type_words(self.annotation)

    @property
    def is_collection(self) -> bool:
        """Whether an environment variable holds several values: a list by commas, or JSON."""
        return get_origin(self.annotation) in {tuple, list, dict}

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown and may be ``file:/path``."""
        return "SecretStr" in str(self.annotation)

    def fits(self, path: Sequence[str]) -> bool:
        """Whether it is the setting at ``path``."""
        return len(path) == len(self.path) and all(
            mine in (ANY, given) for mine, given in zip(self.path, path, strict=True)
        )


def plain(meaning: str) -> str:
    """A docstring's text on one line, without its marks."""
    return " ".join(meaning.replace("``", "").split())


def variable_of(path: Sequence[str]) -> str:
    """The environment variable of a path."""
    if tuple(path) == ("flows_directory",):
        return FLOWS_VARIABLE
    return PREFIX + "__".join(key if key == ANY else key.upper().replace("-", "_") for key in path)


@cache
def catalogue() -> tuple[Setting, ...]:
    """All settings, in the order of the code."""
    return tuple(_walk(Settings, (), ""))


def at(path: Sequence[str]) -> Setting | None:
    """The setting at ``path``; of a connection's variants the first, None if there is none."""
    return next((setting for setting in catalogue() if setting.fits(path)), None)


def siblings(path: Sequence[str]) -> list[str]:
    """The keys that could stand where ``path`` ends."""
    depth = len(path) - 1
    return sorted(
        {
            setting.path[depth]
            for setting in catalogue()
            if len(setting.path) > depth
            and all(mine in (ANY, given) for mine, given in zip(setting.path[:depth], path[:depth], strict=True))
        }
        - {ANY}
    )


def _walk(model: type[BaseModel], path: tuple[str, ...], variant: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        if path[:1] == ("channels",) and name == "name":
            continue  # filled from the key
        yield from _field((*path, name), field, variant)


def _field(path: tuple[str, ...], field: FieldInfo, variant: str) -> Iterator[Setting]:
    annotation = _bare(field.annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _walk(annotation, path, variant)
        return
    inner = _models_in_dict(annotation)
    for model in inner:
        yield from _walk(model, (*path, ANY), _system(model))
    if not inner:
        yield Setting(path, variant, annotation, _default(field), plain(field.description or ""))


def _system(model: type[BaseModel]) -> str:
    field = model.model_fields.get("system")
    return str(field.default) if field else ""


def _bare(annotation: Any) -> Any:
    """Without Annotated and without ``| None``."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [part for part in get_args(annotation) if part is not type(None)]
        return _bare(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _models_in_dict(annotation: Any) -> list[type[BaseModel]]:
    """The models of a ``dict[str, Model]`` or of a dict of a union of models; empty for anything else."""
    if get_origin(annotation) is not dict:
        return []
    value = _bare(get_args(annotation)[1])
    parts = get_args(value) if get_origin(value) in {Union, types.UnionType} else (value,)
    return [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, SecretStr):
        value = value.get_secret_value()  # the code's own default is no secret
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value in ("", {}) else str(value)


def _type_words(annotation: Any) -> str:
    annotation = _bare(annotation)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(map(str, inner))
    if origin in {tuple, list}:
        return f"list of {_type_words(inner[0])}"
    if origin is dict:
        return f"table of {_type_words(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " | ".join(str(member.value) for member in annotation)
    return _WORDS.get(annotation, str(annotation))

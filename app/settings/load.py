"""Reading the settings: a TOML file, and over it the environment. What is wrong is told with its name and place."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import PydanticBaseSettingsSource, TomlConfigSettingsSource

from app.settings import catalogue
from app.settings.catalogue import CONFIG_VARIABLE, FLOWS_VARIABLE, PREFIX, TESTS_PREFIX, Setting
from app.settings.model import Settings
from app.settings.problems import Inconsistent, Problem, SettingsError

DEFAULT_FILE = Path("tillstream.toml")
FILE_REFERENCE = "file:"
ENVIRONMENT = "the environment"

Tree = dict[str, Any]


class EnvironmentSource(PydanticBaseSettingsSource):
    """``TILLSTREAM_*`` variables, with ``__`` between the keys. ``problems`` are the variables that set nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.problems: list[Problem] = []
        self._tree: Tree = {}
        for variable in sorted(environ):
            if _is_ours(variable) and environ[variable]:
                self._take(variable, environ[variable])

    def __call__(self) -> Tree:
        """The nested values."""
        return self._tree

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One top-level field's values, as pydantic-settings asks for them."""
        return self._tree.get(field_name), field_name, field.default_factory is dict

    def _take(self, variable: str, text: str) -> None:
        path = path_of(variable)
        setting = catalogue.at(path)
        if setting is None:
            self.problems.append(
                Problem(variable, f"no setting has this variable, in {ENVIRONMENT}", _similar_variable(path))
            )
            return
        try:
            value = _parse(setting, text)
        except orjson.JSONDecodeError as error:
            self.problems.append(Problem(".".join(path), f"is not JSON: {error}", setting.type, variable, ENVIRONMENT))
            return
        branch = self._tree
        for key in path[:-1]:
            branch = branch.setdefault(key, {})
        branch[path[-1]] = value


def _is_ours(variable: str) -> bool:
    """The file's own name and what only the tests read set nothing."""
    return variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and not variable.startswith(TESTS_PREFIX)


def path_of(variable: str) -> tuple[str, ...]:
    """The keys that a variable names. A connection's name has '-' where the variable has '_'."""
    if variable == FLOWS_VARIABLE:
        return ("flows_directory",)
    keys = variable.removeprefix(PREFIX).lower().split("__")
    if keys[0] == "connections" and len(keys) > 1:
        keys[1] = keys[1].replace("_", "-")
    return tuple(keys)


def _parse(setting: Setting, text: str) -> object:
    if not setting.is_collection:
        return text
    if text.lstrip().startswith(("[", "{")):
        return orjson.loads(text)
    return [part.strip() for part in text.split(",")]


def settings_file(environ: Mapping[str, str], directory: Path) -> Path | None:
    """The TOML file: TILLSTREAM_CONFIG, else ``tillstream.toml`` here if there is one. Raises SettingsError."""
    named = environ.get(CONFIG_VARIABLE)
    if not named:
        usual = directory / DEFAULT_FILE
        return usual if usual.is_file() else None
    if not Path(named).is_file():
        raise SettingsError([Problem(CONFIG_VARIABLE, f"there is no file '{named}', in {ENVIRONMENT}", "a TOML file")])
    return Path(named)


def load_settings(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """Read the file and the environment.

    Args:
        environ: this process's environment if None.
        directory: where ``tillstream.toml`` is looked for; the working directory if None.

    Raises:
        SettingsError: names every wrong setting, why, and what is expected.
    """
    environ = os.environ if environ is None else environ
    file = settings_file(environ, directory or Path())
    from_file = _read(file) if file else {}
    source = EnvironmentSource(environ)
    tree = merged(from_file, source())
    problems = source.problems + _resolve_files(tree, ())
    try:
        settings = Settings(**tree)
    except ValidationError as error:
        origin = _Origin(source(), str(file) if file else "")
        raise SettingsError(problems + [one for line in error.errors() for one in origin.explain(line)]) from None
    if problems:
        raise SettingsError(problems)
    return settings


def _read(file: Path) -> Tree:
    try:
        return TomlConfigSettingsSource(Settings, file)()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError([Problem(str(file), f"cannot be read: {error}", "a TOML file")]) from None


def merged(below: Tree, above: Tree) -> Tree:
    """Both trees in one; where both have a value, ``above`` wins."""
    result = dict(below)
    for key, value in above.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def _resolve_files(tree: Tree, path: tuple[str, ...]) -> list[Problem]:
    """Replace ``file:/path`` in secrets by what the file holds, in place."""
    problems = []
    for key, value in tree.items():
        here = (*path, key)
        setting = catalogue.at(here)
        if isinstance(value, dict) and setting is None:
            problems += _resolve_files(value, here)
        elif setting is not None and setting.is_secret:
            try:
                tree[key] = [_secret(one) for one in value] if isinstance(value, list) else _secret(value)
            except (OSError, UnicodeDecodeError) as error:
                problems.append(Problem(setting_name(here), f"its secret cannot be read: {error}", "file:/path/of/it"))
    return problems


def _secret(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(FILE_REFERENCE):
        return value
    return Path(value.removeprefix(FILE_REFERENCE)).read_text().rstrip("\r\n")


def setting_name(path: Sequence[str]) -> str:
    """As in the TOML file."""
    return ".".join(path)


class _Origin:
    """Explains what pydantic found, with the place that the value came from."""

    def __init__(self, environment: Tree, file: str) -> None:
        self._environment = environment
        self._file = file

    def explain(self, error: ErrorDetails) -> list[Problem]:
        """One problem per error, but several where settings contradict each other."""
        cause = error.get("ctx", {}).get("error")
        if isinstance(cause, Inconsistent):
            return [self._placed(problem) for problem in cause.problems]
        path = _without_tags(error["loc"])
        setting = catalogue.at(path)
        if error["type"] == "extra_forbidden":
            return [Problem(setting_name(path), f"there is no such setting, in {self._file}", _similar_key(path))]
        if error["type"].startswith("union_tag"):
            return [
                self._placed(Problem(setting_name((*path, "system")), "is missing or unknown", "magento | heartland"))
            ]
        why = "is missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
        if setting is not None and not setting.is_secret and error["type"] != "missing":
            why = f"{error['input']!r}: {why}"
        return [self._placed(Problem(setting_name(path), why, _expected(setting)))]

    def _placed(self, problem: Problem) -> Problem:
        path = tuple(problem.name.split("."))
        variable = catalogue.variable_of(path)
        given = ENVIRONMENT if _has(self._environment, path) else self._file
        return Problem(problem.name, problem.why, problem.expected, variable, given)


def _without_tags(location: Sequence[int | str]) -> tuple[str, ...]:
    """Pydantic names the chosen variant of a connection and the place in a list; settings have neither."""
    keys = [key for key in location if isinstance(key, str)]
    if keys[:1] == ["connections"] and len(keys) > 2 and keys[2] in {"magento", "heartland", "webhook"}:  # noqa: PLR2004
        del keys[2]
    return tuple(keys)


def _expected(setting: Setting | None) -> str:
    return f"{setting.type}: {setting.meaning}" if setting else ""


def _has(tree: Tree, path: Sequence[str]) -> bool:
    branch: object = tree
    for key in path:
        if not isinstance(branch, dict) or key not in branch:
            return False
        branch = branch[key]
    return True


def _similar_key(path: Sequence[str]) -> str:
    keys = catalogue.siblings(path)
    return _did_you_mean(path[-1], keys) or f"one of {', '.join(keys)}"


def _similar_variable(path: Sequence[str]) -> str:
    variables = [
        catalogue.variable_of([given if mine == catalogue.ANY else mine for mine, given in _zipped(setting.path, path)])
        for setting in catalogue.catalogue()
    ]
    return _did_you_mean(catalogue.variable_of(path), variables) or "a variable that `tillstream settings` lists"


def _zipped(pattern: Sequence[str], path: Sequence[str]) -> list[tuple[str, str]]:
    """Each key of the pattern with what was given in its place, so that chosen names stay as they were chosen."""
    return [(key, path[place] if place < len(path) else "name") for place, key in enumerate(pattern)]


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""

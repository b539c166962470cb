"""``tillstream mapping list|test``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from app.exit_codes import FAILED, OK
from app.handlers import engine_of
from app.settings import Settings
from schemas.documents import Severity
from streams.engine import Catalog
from streams.engine.sample import Direction, Trial, example_context, try_sample

_SHOWN = 60
"""Characters of a value in the trace."""

_WIDE = 240
"""Columns of a file or a pipe."""

_COLOURS = {Severity.REJECT: "red", Severity.REVIEW: "yellow", Severity.WARN: "cyan"}


def show(settings: Settings) -> int:
    """List flows, mappings and tables. Returns 0. Raises DocumentError."""
    catalog = engine_of(settings).catalog
    console = _console()
    for table in (_flows(catalog), _mappings(catalog), _tables(catalog)):
        console.print(table)
        console.print()
    return OK


def try_one(settings: Settings, flow: str, direction: Direction | None, sample: Path, context: Path | None) -> int:
    """Run a flow's mapping on a sample and tell what it did. Returns 1 if the entity would be held.

    A golden sample, as they lie beside the flows' tests, brings its own direction and context.

    Raises:
        BadParameter: there is no such flow, it has no such direction, or a file is no JSON object.
        DocumentError: a document is wrong.
    """
    catalog = engine_of(settings).catalog
    document = catalog.flows.get(flow)
    if document is None:
        raise typer.BadParameter(f"there is no flow '{flow}' (known: {', '.join(sorted(catalog.flows))})")
    told = _object(sample, "SAMPLE")
    golden: dict[str, Any] = told if isinstance(told.get("sample"), dict) else {"sample": told}
    body, besides = golden["sample"], golden.get("context") or {}
    way: Direction = direction or golden.get("direction") or ("in" if document.normalize else "out")
    known = example_context(document, way, body) | besides
    known |= _object(context, "--context") if context else {}
    try:
        trials = try_sample(catalog, document, way, body, known)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--direction") from error
    console = _console()
    if not trials:
        console.print(f"The sample has none of the parts that the flow '{flow}' is about: nothing would be made of it.")
    for number, trial in enumerate(trials, start=1):
        if len(trials) > 1:
            console.rule(f"part {number} of {len(trials)}")
        _tell(console, trial)
    return FAILED if any(_held(trial) for trial in trials) else OK


def _console() -> Console:
    """Wide where nobody looks at it: names are not cut in a file or a pipe."""
    console = Console(soft_wrap=True)
    return console if console.is_terminal else Console(soft_wrap=True, width=_WIDE)


def _tell(console: Console, trial: Trial) -> None:
    console.print(_trace(trial))
    if trial.output is not None:
        console.print()
        shown = orjson.dumps(trial.output, default=str, option=orjson.OPT_INDENT_2).decode()
        console.print(Syntax(shown, "json", background_color="default") if console.is_terminal else Text(shown))
    for finding in trial.findings:
        console.print(
            Text(f"\n{finding.severity.value} by rule '{finding.rule}': {finding.message}", _COLOURS[finding.severity])
        )
    if trial.error is not None:
        console.print(Text(f"\n{trial.error.message}", "red"))


def _trace(trial: Trial) -> Table:
    table = Table("rule", "reads", "found", "sets", box=None, header_style="bold")
    for line in trial.trace:
        result = Text("skipped", "dim") if line.skipped else Text(_short(line.result))
        table.add_row(Text(line.rule), Text(line.path), Text("" if line.skipped else _short(line.found)), result)
    return table


def _held(trial: Trial) -> bool:
    return trial.error is not None or any(finding.severity is not Severity.WARN for finding in trial.findings)


def _short(value: object) -> str:
    text = "-" if value is None else orjson.dumps(value, default=str).decode()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _object(file: Path, hint: str) -> dict[str, Any]:
    try:
        found = orjson.loads(file.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint=hint) from error
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{file} is not JSON: {error}", param_hint=hint) from error
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} is not a JSON object", param_hint=hint)
    return found


def _flows(catalog: Catalog) -> Table:
    table = Table("flow", "mode", "takes", "in", "delivers", "out", "rules", box=None, header_style="bold")
    for flow in sorted(catalog.flows.values(), key=lambda each: each.id):
        taken = flow.normalize
        source = " ".join(taken.source.key) if taken else f"{flow.deliver.entity} of {flow.deliver.topic}"
        delivered = f"{flow.deliver.entity} to {flow.deliver.target}"
        rules = ", ".join(rule.id for rule in flow.rules) or "-"
        mapped = taken.mapping if taken else "-"
        table.add_row(flow.id, flow.mode.value, source, mapped, delivered, flow.deliver.mapping, rules)
    return table


def _mappings(catalog: Catalog) -> Table:
    table = Table("mapping", "version", "direction", "rules", "file", box=None, header_style="bold")
    for name, compiled in sorted(catalog.mappings.items()):
        document = compiled.document
        table.add_row(name, str(document.version), document.direction, str(len(document.rules)), compiled.file)
    return table


def _tables(catalog: Catalog) -> Table:
    table = Table("table", "version", "rows", "a key without a row", box=None, header_style="bold")
    for name, document in sorted(catalog.tables.items()):
        unknown = "stays as it is" if document.unknown == "keep" else "is refused, or the rule's default"
        table.add_row(name, str(document.version), str(len(document.rows)), unknown)
    return table

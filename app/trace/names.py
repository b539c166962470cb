"""The naming rule: stage, flow, step and target of a log line or journal entry lead to the code that handles it.

`stage` is the package in `streams/`, `flow` the YAML file in `streams/flows/`, `step` the port's method and the
function of that name in `app/<system>/`.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from streams.deliver.operations import OPERATIONS, OperationKind

ROOT = Path(__file__).resolve().parents[2]

STAGE_MODULE = {
    "normalize": "streams/normalize/normalizer.py",
    "inventory": "streams/inventory/handler.py",
    "deliver": "streams/deliver/handler.py",
}
"""Where a stage's work begins."""

CREATE_ONCE = frozenset(name for name, one in OPERATIONS.items() if one.kind is OperationKind.CREATE_ONCE)
"""Steps that are sent through the effect ledger."""


def modules_of(stage: str, flow: str, step: str, system: str) -> list[str]:
    """Paths to read, from the stage inwards; the last one makes the call. Unknown names give none.

    Args:
        stage, flow, step: as in the journal.
        system: of the target connection (``magento``, ``heartland``), empty if there is none.
    """
    paths = []
    if stage in STAGE_MODULE:
        paths.append(STAGE_MODULE[stage])
    if flow and (ROOT / f"streams/flows/{flow}.yaml").exists():
        paths.append(f"streams/flows/{flow}.yaml")
    if step in CREATE_ONCE:
        paths.append("streams/deliver/effect.py")
    call = _defined_in(system, step) if step and system else ""
    return [*paths, call] if call else paths


@cache
def _defined_in(system: str, step: str) -> str:
    """``app/<system>/<module>.py:<step>``: the function or method of that name in the connector."""
    for path in sorted((ROOT / "app" / system).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == step for node in ast.walk(tree)
        ):
            return f"app/{system}/{path.name}:{step}"
    return ""

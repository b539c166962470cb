"""What a migration does that workers of the version before would not survive: they run on the migrated store until the
last of them is replaced, and again after a rollback.

A migration that must do it says why in a constant ``CONTRACT``: it comes a version after nothing uses the old form.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

TAKES_AWAY = frozenset({"drop_column", "drop_table", "drop_constraint", "drop_index", "rename_table"})
STRICTER = frozenset(
    {"create_check_constraint", "create_unique_constraint", "create_primary_key", "create_foreign_key"}
)
SQL = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|CONSTRAINT|INDEX|FUNCTION|TRIGGER)|RENAME\s+(TO|COLUMN)|SET\s+NOT\s+NULL|DELETE\s+FROM"
    r"|TRUNCATE|ALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE)\b",
    re.IGNORECASE,
)


def breaking(source: str) -> list[str]:
    """What a migration's text does that old workers would not survive, with its line; nothing if it says why."""
    module = ast.parse(source)
    if _why(module):
        return []
    new = {_text(call.args[0]) for call in _calls(module) if _name(call) == "create_table"}
    return [f"line {call.lineno}: {told}" for call in _calls(module) for told in _broken(call, new, _constants(module))]


def _why(module: ast.Module) -> str:
    return _constants(module).get("CONTRACT", "").strip()


def _constants(module: ast.Module) -> dict[str, str]:
    """Texts that the module gives a name."""
    return {
        target.id: statement.value.value
        for statement in module.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _calls(module: ast.Module) -> Iterator[ast.Call]:
    """Calls of ``op``, in the order of the text."""
    found = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    yield from (call for call in found if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "op")


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _broken(call: ast.Call, new: set[str], constants: dict[str, str]) -> Iterator[str]:
    name, options = _name(call), {one.arg: one.value for one in call.keywords}
    tables = {_text(argument) for argument in call.args[:2]}
    if name in TAKES_AWAY:
        yield f"op.{name} takes away what old workers use"
    elif name in STRICTER and not tables & new:
        yield f"op.{name} on a table that old workers write to may refuse what they write"
    elif name == "create_index" and _is(options.get("unique"), value=True) and not tables & new:
        yield "a unique index on a table that old workers write to may refuse what they write"
    elif name == "alter_column" and (
        {"new_column_name", "type_"} & set(options) or _is(options.get("nullable"), value=False)
    ):
        yield "op.alter_column changes a column that old workers use"
    elif name == "add_column" and _needs_a_value(call):
        yield "a new column that must have a value and has no server_default: old workers do not name it"
    elif name == "execute" and (found := SQL.search(_sql(call.args[0], constants))):
        yield f"'{found[0]}' takes away or changes what old workers use"


def _needs_a_value(call: ast.Call) -> bool:
    """Whether the column of an ``add_column`` must be named by whoever inserts a row."""
    for column in (one for one in ast.walk(call) if isinstance(one, ast.Call) and one is not call):
        options = {one.arg: one.value for one in column.keywords}
        if _is(options.get("nullable"), value=False):
            return "server_default" not in options
    return False


def _sql(node: ast.expr, constants: dict[str, str]) -> str:
    """The statement; what a new function's body does is no part of the migration."""
    text = constants.get(node.id, "") if isinstance(node, ast.Name) else _text(node)
    return "" if text.lstrip().upper().startswith(("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")) else text


def _is(node: ast.expr | None, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value

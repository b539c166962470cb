"""Writes Tillstream's settings into the chart's ``values.schema.json``: ``python -m helm.settings_schema``.

Definitions that begin with a capital are made here, from the models in ``app/settings`` and the commands; the rest of
the file is written by hand. Helm checks values before anything is installed, so what is misspelt ends there and not in
a pod.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer.main

from app.cli import cli
from app.connections import HeartlandConnection, MagentoConnection, WebhookConnection
from app.settings.checks import OAUTH_SECRETS
from app.settings.model import Settings

SCHEMA = Path(__file__).parent / "tillstream" / "values.schema.json"

Json = dict[str, Any]

UNWANTED = frozenset({"default", "description", "title", "writeOnly", "discriminator"})
"""What a check does not need; Helm keeps the file in the Secret of every release."""
SECRET = {"type": "string", "pattern": "^file:/run/secrets/[^/]+/.+$"}
"""A secret stands in a file; in values anyone could read it."""
OF_THE_CHART = (("Settings", "flows_directory"), ("WorkerSettings", "instance_id"))
"""What the chart sets itself."""
NEEDED = {"Settings": ["kafka", "store", "connections", "channels"], "KafkaSettings": ["bootstrap_servers"]}
"""What has a default for a developer's machine, and none that could be right in a cluster."""
ADDRESS = "^https?://[^/?#]+"
"""Where a system is reached."""
DECIMAL = r"^[0-9]*\.?[0-9]+$"
"""A number written as text, so that it keeps its digits; none may be negative."""
POD_NAME_PART = "^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$"
"""A connection's name is part of the names of its pods."""


def definitions() -> Json:
    """The settings as definitions of JSON Schema, by the name of their model."""
    whole = Settings.model_json_schema()
    made: Json = {name: _checked(model) for name, model in sorted(whole.pop("$defs").items())}
    made["Settings"] = _checked(whole)
    made["Connection"] = _connection(whole["properties"]["connections"]["additionalProperties"])
    for model, key in OF_THE_CHART:
        del made[model]["properties"][key]
    for model, keys in NEEDED.items():
        made[model]["required"] = keys
    made["StoreSettings"]["required"] = ["url"]
    for system in (MagentoConnection, HeartlandConnection, WebhookConnection):
        made[system.__name__]["properties"]["base_url"]["pattern"] = ADDRESS
    made[MagentoConnection.__name__] |= _login()
    made["Command"] = {"enum": sorted(typer.main.get_command(cli).commands)}  # type: ignore[attr-defined]
    properties = made["Settings"]["properties"]
    properties["connections"] = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": POD_NAME_PART},
        "additionalProperties": {"$ref": "#/$defs/Connection"},
    }
    properties["channels"]["minProperties"] = 1
    return made


def _connection(union: Json) -> Json:
    """Chosen by its system, so that only what is wrong with that one is told."""
    systems: dict[str, str] = union["discriminator"]["mapping"]
    return {
        "type": "object",
        "required": ["system"],
        "properties": {"system": {"enum": list(systems)}},
        "allOf": [
            {
                "if": {"properties": {"system": {"const": system}}, "required": ["system"]},
                "then": {"$ref": model},
            }
            for system, model in systems.items()
        ],
    }


def _login() -> Json:
    """Magento's: all four secrets of an integration, or its token alone."""
    return {
        "anyOf": [{"required": ["bearer_token"]}, {"required": [OAUTH_SECRETS[0]]}],
        "dependentRequired": {name: [one for one in OAUTH_SECRETS if one != name] for name in OAUTH_SECRETS},
    }


def _checked(node: Any) -> Any:
    """Without what Helm's check does not need or understand; secrets as references to files."""
    if isinstance(node, list):
        return [_checked(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "password":
        return SECRET
    if "anyOf" in node:
        return _either(node["anyOf"])
    kept = {key: value for key, value in node.items() if key not in UNWANTED or key == "properties"}
    if "(?!" in str(kept.get("pattern", "")):
        kept["pattern"] = DECIMAL  # Go's patterns cannot look ahead, as pydantic's for a Decimal does
    return {
        key: {name: _checked(one) for name, one in value.items()} if key == "properties" else _checked(value)
        for key, value in kept.items()
    }


def _either(variants: list[Json]) -> Json:
    """Without null: a value of null takes its key out of Helm's values."""
    checked = [_checked(one) for one in variants if one.get("type") != "null"]
    return checked[0] if len(checked) == 1 else {"anyOf": checked}


def written() -> str:
    """The file's text as it should be."""
    schema = json.loads(SCHEMA.read_text())
    by_hand = {name: one for name, one in schema["$defs"].items() if not name[0].isupper()}
    schema["$defs"] = by_hand | definitions()
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(written())
    sys.stdout.write(f"wrote {SCHEMA}\n")

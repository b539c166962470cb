"""Which processes the demo runs, with which settings, on which ports."""

from __future__ import annotations

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.balance.take import way_of
from app.demo.audit.books import Books
from app.demo.deeds import DeedsFile
from app.demo.options import DemoOptions
from app.demo.processes import Program
from app.local.ports import free_ports

SYSTEMS = ("magento", "heartland")
WEB, POS = "web", "pos"
CONNECTIONS = {WEB: "magento", POS: "heartland"}
"""The system behind each connection."""
WAY = way_of(CONNECTIONS)
PREFIX = "W-"
LOCATION, SOURCE = "MAIN", "main"
SOURCES = {"MAIN": "main", "STORE2": "store2"}
WEB_PACKS = "STORE2"
"""Its goods are packed in the web store, and not at the till."""
OFFLINE_METHODS = ("checkmo", "free")
FLOWS = (
    "customer_to_pos",
    "customer_to_web",
    "gift_card_redemption",
    "order",
    "order_status",
    "payment",
    "payment_to_web",
    "product",
    "refund_to_pos",
    "refund_to_web",
    "shipment",
    "shipment_to_pos",
    "stock",
)
"""All of them are live."""


def books_of(directory: Path) -> Books:
    """Where an auditor of the demo in this directory looks."""
    return Books(
        magento=_database(directory, "magento"),
        heartland=_database(directory, "heartland"),
        web=WEB,
        prefix=PREFIX,
        location=LOCATION,
        sources=SOURCES,
    )


def deeds_of(directory: Path) -> DeedsFile:
    """Where the shop of the demo in this directory writes down what it did."""
    return DeedsFile(directory / "shop.jsonl")


def _database(directory: Path, system: str) -> Path:
    return directory / f"{system}.sqlite"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything of one demo listens."""

    kafka: str
    postgres: str
    magento: str
    heartland: str
    ingress: str


CREDENTIALS = {
    "magento": ("consumer_key", "consumer_secret", "access_token", "access_token_secret", "bearer_token"),
    "heartland": ("client_id", "client_secret"),
}


def credentials(system: str) -> dict[str, str]:
    """New credentials for one sandbox; 32 characters each, as Magento has them."""
    return {name: secrets.token_hex(16) for name in CREDENTIALS[system]}


def sandbox_program(
    system: str, options: DemoOptions, *, url: str, ingress: str, opened_by: Mapping[str, str], signing: str
) -> Program:
    """One sandbox system, opened by those credentials; ``signing`` signs its webhooks."""
    name = WEB if system == "magento" else POS
    arguments = (
        "sandbox",
        system,
        *("--port", url.rpartition(":")[2]),
        *("--database", str(_database(options.directory, system))),
        *("--skus", str(options.skus)),
        *("--seed", str(options.seed)),
        *("--webhook-url", f"{ingress}/webhooks/{name}"),
    )
    environment = {"SANDBOX_WEBHOOK_SECRET": signing, "SANDBOX_CREDENTIALS": json.dumps(dict(opened_by))}
    return Program(system, arguments, environment)


def role_programs(options: DemoOptions, addresses: Addresses, config: Path) -> list[tuple[Program, int]]:
    """Ingress, poller and workers, each with the port of its status server."""
    roles: list[tuple[str, tuple[str, ...]]] = [("ingress", ("ingress",)), ("poll", ("poll",))]
    for number in range(1, options.workers + 1):
        suffix = "" if options.workers == 1 else f"-{number}"
        roles += [
            (f"normalize{suffix}", ("worker", "normalize")),
            (f"inventory{suffix}", ("worker", "inventory")),
            (f"deliver-{POS}{suffix}", ("worker", "deliver", "--target", POS)),
            (f"deliver-{WEB}{suffix}", ("worker", "deliver", "--target", WEB)),
        ]
    ports = free_ports(len(roles))
    common = {
        "TILLSTREAM_CONFIG": str(config.resolve()),
        "TILLSTREAM_INGRESS__PORT": addresses.ingress.rpartition(":")[2],
    }
    return [
        (Program(name, arguments, {**common, "TILLSTREAM_STATUS__PORT": str(port)}), port)
        for (name, arguments), port in zip(roles, ports, strict=True)
    ]


def settings_toml(addresses: Addresses, opened_by: Mapping[str, Mapping[str, str]], signing: Mapping[str, str]) -> str:
    """The settings that every role and a second terminal use; credentials by system, secrets by connection."""
    magento, heartland = opened_by["magento"], opened_by["heartland"]
    http = {"timeout_seconds": 5.0, "longest_execution_seconds": 20.0, "lookup_lag_seconds": 3.0}
    oauth = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    return toml(
        {
            "log_level": "INFO",
            "kafka": {
                "bootstrap_servers": addresses.kafka,
                "replication_factor": 1,
                "min_insync_replicas": 1,
                "session_timeout_seconds": 6.0,
            },
            "store": {"url": addresses.postgres},
            "connections": {
                WEB: {
                    "system": "magento",
                    "base_url": addresses.magento,
                    **{name: magento[name] for name in oauth},
                    "webhooks": {"secrets": [signing[WEB]]},
                    "http": http,
                },
                POS: {
                    "system": "heartland",
                    "base_url": addresses.heartland,
                    "client_id": heartland["client_id"],
                    "client_secret": heartland["client_secret"],
                    "webhooks": {"secrets": [signing[POS]]},
                    "http": http,
                },
            },
            "channels": {
                "main": {
                    "web": WEB,
                    "store_id": 1,
                    "pos": POS,
                    "prefix": PREFIX,
                    "location": LOCATION,
                    "currency": "USD",
                    "sources": SOURCES,
                    "offline_methods": list(OFFLINE_METHODS),
                    "fulfilment": {WEB_PACKS: "magento"},
                }
            },
            "flows": {flow: {"mode": "live"} for flow in FLOWS},
            "polling": {
                "interval_seconds": 5.0,
                "overlap_seconds": 20.0,
                "snapshot_minutes": 0,
                "lease_seconds": 5.0,
                "first_poll_rows": 100_000,  # the sandboxes' catalogues are as young as the demo
            },
        }
    )


def toml(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """A tree of tables as TOML; scalars and lists are written as JSON, which TOML reads alike."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in tree.items() if not isinstance(value, dict)]
    head = [f"[{'.'.join(path)}]"] if path and lines else []
    tables = [toml(value, (*path, key)) for key, value in tree.items() if isinstance(value, dict)]
    return "\n".join([*head, *lines, *tables]) + "\n"


def write_settings(directory: Path, text: str) -> Path:
    """Keep the settings where only the owner reads them: they hold the sandboxes' secrets."""
    path = directory / "tillstream.toml"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def write_env(path: Path, config: Path, addresses: Addresses, roles: Mapping[str, str]) -> None:
    """What a second terminal sources: the settings and every address."""
    values = {
        "TILLSTREAM_CONFIG": str(config.resolve()),
        "DEMO_KAFKA": addresses.kafka,
        "DEMO_POSTGRES": addresses.postgres,
        "DEMO_MAGENTO": addresses.magento,
        "DEMO_HEARTLAND": addresses.heartland,
        "DEMO_INGRESS": addresses.ingress,
        **{f"DEMO_STATUS_{name.upper().replace('-', '_')}": url for name, url in roles.items()},
    }
    path.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items()))

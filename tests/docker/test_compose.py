"""docker/compose.yaml: against the compose specification's schema, our own command line and our own settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft201909Validator

from app.cli import cli
from app.local import kafka_docker
from app.settings import load_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker" / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "TILLSTREAM_IMAGE" in service["image"]}
ROLES = {name: service for name, service in OURS.items() if service["command"][0] != "sandbox"}
VARIABLE = re.compile(r"\$\{(\w+)(?::[-?][^}]*)?\}")


def test_the_file_is_what_the_compose_specification_allows() -> None:
    """The schema is the specification's own of 2021, Copyright The Compose Specification Authors, Apache-2.0."""
    schema = json.loads(Path(__file__).with_name("compose-spec.schema.json").read_text())
    assert [error.message for error in Draft201909Validator(schema).iter_errors(COMPOSE)] == []


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_that_tillstream_has(name: str) -> None:
    command = typer.main.get_command(cli)
    context = command.make_context("tillstream", list(OURS[name]["command"]))
    arguments = [*context._protected_args, *context.args]
    called = command.get_command(context, arguments[0])  # type: ignore[attr-defined]
    called.make_context(arguments[0], arguments[1:], parent=context)


@pytest.mark.parametrize("name", ROLES)
def test_each_roles_settings_are_right(name: str, tmp_path: Path) -> None:
    environ = {key: VARIABLE.sub("made", value) for key, value in ROLES[name]["environment"].items()}
    settings = load_settings(environ, tmp_path)
    assert settings.channels["main"].sources == {"MAIN": "main", "STORE2": "store2"}
    command = ROLES[name]["command"]
    if "--target" in command:
        assert command[-1] in settings.connections


def test_every_part_of_the_pipeline_runs() -> None:
    commands = {" ".join(service["command"][:2]) for service in OURS.values()}
    assert commands >= {"ingress", "poll", "worker normalize", "worker inventory", "worker deliver", "topics create"}
    assert {service["command"][-1] for service in ROLES.values() if "--target" in service["command"]} == {"web", "pos"}


def test_every_secret_is_made_before_the_start() -> None:
    made = set(re.findall(r"[A-Z_]+", re.findall(r"for name in (.*); do", (ROOT / "docker" / "up.sh").read_text())[0]))
    assert {name for name in VARIABLE.findall(TEXT) if name != "TILLSTREAM_IMAGE"} == made


def test_kafka_is_the_version_that_the_tests_run_on() -> None:
    assert SERVICES["kafka"]["image"].endswith(kafka_docker.IMAGE)


def test_nothing_is_open_to_the_network() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)

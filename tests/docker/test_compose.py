"""Both compose files: against the compose specification, our own command line and settings, and what they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from app.local import kafka_docker
from app.settings import load_settings
from app.settings.model import WorkerSettings
from streams.runtime.app import STOP_SECONDS
from tests.command_line import parse
from tests.docker.composed import (
    DOCKER,
    FILES,
    ONE_AT_A_TIME,
    PRODUCTION,
    ROLES,
    ROOT,
    VARIABLE,
    document,
    limits,
    ours,
    scraped,
    services,
)

SCHEMA = Draft202012Validator(json.loads((ROOT / "tests/data/compose/compose-spec.schema.json").read_text()))
ALL = [(file, name) for file in FILES for name in services(file)]
OURS = [(file, name) for file in FILES for name in ours(file) if "entrypoint" not in ours(file)[name]]
SHOP = services("sandboxes")


@pytest.mark.parametrize("file", FILES)
def test_the_file_is_what_the_compose_specification_allows(file: str) -> None:
    assert [error.message for error in SCHEMA.iter_errors(document(file))] == []


@pytest.mark.parametrize(("file", "name"), OURS)
def test_each_command_is_one_that_tillstream_has(file: str, name: str) -> None:
    command = list(ours(file)[name]["command"])
    if command != ["--help"]:
        parse(command)


@pytest.mark.parametrize("name", ROLES)
def test_each_roles_settings_are_right_beside_the_sandboxes(name: str, tmp_path: Path) -> None:
    environ = {key: VARIABLE.sub("made", value) for key, value in SHOP[name]["environment"].items()}
    settings = load_settings(environ, tmp_path)
    assert settings.channels["main"].sources == {"MAIN": "main", "STORE2": "store2"}
    command = SHOP[name]["command"]
    if "--target" in command:
        assert command[-1] in settings.connections


def test_the_example_of_settings_is_right_with_what_compose_sets(tmp_path: Path) -> None:
    text = (PRODUCTION / "tillstream.example.toml").read_text()
    for secret in re.findall(r"file:/run/secrets/(\w+)", text):
        (tmp_path / secret).write_text("made for this test, " * 2)
    (tmp_path / "store_url").write_text("postgresql://tillstream:made@postgres:5432/tillstream")
    config = tmp_path / "tillstream.toml"
    config.write_text(text.replace("/run/secrets", str(tmp_path)))
    environ = {
        key: VARIABLE.sub("till.example.com", value).replace("/run/secrets", str(tmp_path))
        for key, value in services("production")["ingress"]["environment"].items()
    }
    settings = load_settings(environ | {"TILLSTREAM_CONFIG": str(config)}, tmp_path)
    assert settings.ingress.public_url == "https://till.example.com"
    assert set(settings.connections) == {"web", "pos"}


def test_sandboxes_and_production_keep_out_of_each_others_containers_and_volumes() -> None:
    sandboxes, production = (document(file)["name"] for file in ("sandboxes", "production"))
    assert sandboxes != production
    assert f"--project-name {sandboxes} " in (ROOT / "Makefile").read_text()
    assert f"--project-name {sandboxes} exec " in (DOCKER / "up.sh").read_text()


@pytest.mark.parametrize("file", FILES)
def test_every_part_of_the_pipeline_runs(file: str) -> None:
    commands = {" ".join(map(str, service["command"])) for service in ours(file).values()}
    assert commands >= {
        *("ingress", "poll", "worker normalize", "worker inventory", "topics create", "store migrate"),
        *("worker deliver --target pos", "worker deliver --target web"),
    }


@pytest.mark.parametrize("file", FILES)
def test_no_role_starts_before_topics_and_tables_are_there(file: str) -> None:
    done = {"condition": "service_completed_successfully"}
    for name in ROLES:
        assert services(file)[name]["depends_on"] == {"topics": done, "migrate": done}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in ours(file)])
def test_our_containers_can_write_nothing_and_have_no_rights(file: str, name: str) -> None:
    service = ours(file)[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize(("file", "name"), ALL)
def test_every_image_is_pinned(file: str, name: str) -> None:
    image = services(file)[name]["image"]
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", image) or image.startswith(
        ("${TILLSTREAM_IMAGE", "tillstream-backup:")
    )


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "production/backup/Dockerfile"])
def test_every_base_is_pinned_to_its_patch(dockerfile: str) -> None:
    bases = re.findall(r"^FROM (\S+)", (DOCKER / dockerfile).read_text(), re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+(\.\d+)?", base) for base in bases)


def test_kafka_and_postgresql_are_the_versions_that_the_tests_run_on() -> None:
    for file in FILES:
        assert services(file)["kafka"]["image"].endswith(kafka_docker.IMAGE)
    postgres = {services(file)["postgres"]["image"] for file in FILES}
    assert postgres == {
        re.findall(r"^FROM (\S+postgres\S+)", (PRODUCTION / "backup/Dockerfile").read_text(), re.MULTILINE)[0]
    }


def test_nothing_but_the_door_is_open_to_the_network() -> None:
    ports = {(file, port) for file in FILES for service in services(file).values() for port in service.get("ports", [])}
    assert {(file, port) for file, port in ports if not port.startswith("127.0.0.1:")} == {
        ("production", "80:80"),
        ("production", "443:443"),
    }


# -- Secrets and variables ---------------------------------------------------------------------------------------

ADDRESSES = {"TILLSTREAM_INGRESS__PUBLIC_URL", "PROMETHEUS_URL", "RUNBOOK_URL"}
"""Variables that look like a secret's name and hold none."""


def test_every_secret_beside_the_sandboxes_is_made_before_the_start() -> None:
    made = set(re.findall(r"[A-Z_]+", re.findall(r"for name in (.*); do", (DOCKER / "up.sh").read_text())[0]))
    wanted = set(VARIABLE.findall(FILES["sandboxes"].read_text()))
    assert wanted - {"TILLSTREAM_IMAGE", "TLS_DIRECTORY"} == made


def test_every_variable_of_production_is_explained_and_none_is_left_over() -> None:
    example = re.findall(r"^(\w+)=", (PRODUCTION / "env.example").read_text(), re.MULTILINE)
    assert sorted(example) == sorted(set(VARIABLE.findall(FILES["production"].read_text())))


def test_production_has_its_secrets_in_files_alone() -> None:
    text = FILES["production"].read_text()
    named = re.findall(r"^\s+(\w*(?:PASSWORD|SECRET|TOKEN|KEY|CREDENTIALS|URL)\w*): (.+)$", text, re.MULTILINE)
    assert named
    for name, value in named:
        assert "/run/secrets/" in value or name in ADDRESSES, name
    kept = {Path(secret["file"]).name for secret in document("production")["secrets"].values()}
    setup = (PRODUCTION / "setup.sh").read_text()
    assert [name for name in kept if name not in setup] == []


# -- Memory, health, watching ------------------------------------------------------------------------------------


def test_production_fits_into_four_gigabytes_with_room_for_the_machine() -> None:
    megabytes = limits("production")
    always = sum(limit for name, limit in megabytes.items() if name not in ONE_AT_A_TIME)
    assert always <= 3700
    assert f"limits add up to {always:,} MB" in (ROOT / "README.md").read_text()
    assert always + max(megabytes[name] for name in ONE_AT_A_TIME) <= 4096


@pytest.mark.parametrize("name", [name for name in services("production") if name not in ONE_AT_A_TIME])
def test_production_starts_everything_again_and_keeps_its_logs_short(name: str) -> None:
    service = services("production")[name]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in ROLES])
def test_a_role_ends_by_itself_before_it_is_killed(file: str, name: str) -> None:
    grace = int(services(file)[name]["stop_grace_period"].removesuffix("s"))
    assert grace > STOP_SECONDS + WorkerSettings().drain_seconds


@pytest.mark.parametrize("file", FILES)
def test_the_check_of_kafka_does_not_take_the_brokers_heap(file: str) -> None:
    kafka = services(file)["kafka"]
    assert "-Xmx" in kafka["environment"]["KAFKA_HEAP_OPTS"]
    assert "KAFKA_HEAP_OPTS=-Xmx64m " in kafka["healthcheck"]["test"][1]


@pytest.mark.parametrize(("file", "config"), [("sandboxes", DOCKER), ("production", PRODUCTION)])
def test_prometheus_asks_every_role_with_the_labels_of_the_dashboards(file: str, config: Path) -> None:
    targets = scraped(config / "prometheus.yml")
    assert targets == {f"{name}:9400": {"namespace": "tillstream", "role": name} for name in ROLES}
    assert set(ROLES) <= set(services(file))


@pytest.mark.parametrize(("file", "name"), ALL)
def test_what_is_mounted_from_the_project_is_there(file: str, name: str) -> None:
    made = {".env", "secrets", "tillstream.toml"}
    for volume in services(file)[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".") and Path(source).name not in made and "secrets" not in Path(source).parts:
            assert (FILES[file].parent / source).exists(), source


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    (source,) = yaml.safe_load((DOCKER / "grafana/datasources.yaml").read_text())["datasources"]
    assert (source["uid"], source["isDefault"], source["jsonData"]["timeInterval"]) == ("prometheus", True, "15s")
    (provider,) = yaml.safe_load((DOCKER / "grafana/dashboards.yaml").read_text())["providers"]
    folder = provider["options"]["path"]
    for file in FILES:
        mounted: Any = services(file)["grafana"]["volumes"]
        assert any(volume.endswith(f"helm/tillstream/dashboards:{folder}:ro") for volume in mounted)

"""The other scripts: setup, support, Alertmanager's start, the TLS door's certificate; and shellcheck on all."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.composed import DOCKER, ROOT
from tests.docker.machine import Machine, machine

PROGRAMS = Path(sysconfig.get_path("scripts"))
SCRIPTS = sorted({*DOCKER.rglob("*.sh"), *(ROOT / "tests").rglob("*.sh"), ROOT / ".ci" / "run"})


def test_shellcheck_finds_nothing() -> None:
    command = [str(PROGRAMS / "shellcheck"), "--external-sources", *map(str, SCRIPTS)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("dockerfile", ["docker/Dockerfile", "docker/production/backup/Dockerfile"])
def test_hadolint_finds_nothing(dockerfile: str) -> None:
    command = [str(PROGRAMS / "hadolint"), dockerfile]
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    "script", [script for script in SCRIPTS if script.name != "lib.sh"], ids=lambda script: script.name
)
def test_a_script_can_be_run_and_stops_at_the_first_error(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    assert "\nset -eu" in script.read_text()


@pytest.mark.parametrize("script", ["setup.sh", "upgrade.sh", "rollback.sh", "restore.sh", "support.sh"])
def test_a_script_that_is_asked_or_not_understood_only_tells_how_it_is_used(tmp_path: Path, script: str) -> None:
    shop = machine(tmp_path)
    shop.programs("chown")
    for arguments, code in (["--help"], 0), (["-h"], 0), (["--nothing"], 2), (["one", "two"], 2):
        done = shop.run(script, *arguments)
        assert done.returncode == code
        assert f"docker/production/{script}" in (done.stdout if code == 0 else done.stderr)
    assert shop.calls() == []
    assert not (shop.folder / "secrets").exists()


# -- setup.sh ----------------------------------------------------------------------------------------------------


@pytest.fixture
def new(tmp_path: Path) -> Machine:
    """A machine on which nothing was set up."""
    made = machine(tmp_path)
    (made.folder / ".env").unlink()
    made.programs("chown")
    return made


def test_setup_makes_the_secrets_once_and_lists_what_a_person_must_fill_in(new: Machine) -> None:
    (new.folder.parent.parent / "pyproject.toml").write_text('version = "1.0.0"\n')
    first = new.run("setup.sh")
    assert first.returncode == 1
    secrets = new.folder / "secrets"
    for missing in (
        "DOMAIN in ",
        "ACME_EMAIL in ",
        "tillstream/pos_client_secret",
        "backup_s3",
        "deadman_url",
        "ALERT_EMAIL or",
    ):
        assert missing in first.stderr
    assert secrets.stat().st_mode & 0o077 == 0
    made = (secrets / "postgres_password").read_text()
    assert len(made) == 64
    assert made in (secrets / "tillstream" / "store_url").read_text()
    new.run("setup.sh")
    assert (secrets / "postgres_password").read_text() == made


def test_setup_ends_well_when_nothing_is_missing(new: Machine) -> None:
    (new.folder.parent.parent / "pyproject.toml").write_text('version = "1.0.0"\n')
    new.run("setup.sh")
    secrets = new.folder / "secrets"
    for file in (*secrets.glob("tillstream/*"), secrets / "backup_s3", secrets / "deadman_url"):
        file.chmod(0o600)
        file.write_text("filled in")
    environment = new.folder / ".env"
    text = environment.read_text()
    for name in ("DOMAIN", "ACME_EMAIL", "ALERT_EMAIL"):
        text = text.replace(f"{name}=\n", f"{name}=filled in\n")
    environment.write_text(text)
    done = new.run("setup.sh")
    assert done.returncode == 0, done.stderr
    assert new.version() == "1.0.0"


# -- support.sh --------------------------------------------------------------------------------------------------


def test_a_support_bundle_that_fails_leaves_no_half_of_it(tmp_path: Path) -> None:
    shop = machine(tmp_path)
    file = tmp_path / "bundle.tar.gz"
    shop.let_fail("support-bundle")
    assert shop.run("support.sh", str(file)).returncode == 1
    assert not list(tmp_path.glob("bundle*"))
    shop.let_fail()
    assert shop.run("support.sh", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0


# -- Alertmanager ------------------------------------------------------------------------------------------------


def alertmanager(tmp_path: Path, **variables: str) -> dict[str, Any]:
    made = machine(tmp_path)
    made.programs("alertmanager")
    config = tmp_path / "alertmanager.yml"
    made.environment.update(SECRETS_DIRECTORY=str(tmp_path), CONFIG_FILE=str(config), **variables)
    done = made.run("alertmanager/start.sh")
    assert done.returncode == 0, done.stderr
    assert made.calls(f"alertmanager --config.file={config}")
    found: dict[str, Any] = yaml.safe_load(config.read_text())
    return found


def test_the_heartbeat_goes_to_the_service_outside_and_to_no_person(tmp_path: Path) -> None:
    (tmp_path / "deadman_url").write_text("https://beat.example.com/1")
    config = alertmanager(
        tmp_path, ALERT_EMAIL="ops@example.com", SMTP_HOST="smtp.example.com:587", SMTP_FROM="o'b@example.com"
    )
    (route,) = config["route"]["routes"]
    assert (route["receiver"], route["matchers"]) == ("heartbeat", ["alertname = Watchdog"])
    beat, people = config["receivers"]
    assert beat["webhook_configs"] == [{"url_file": f"{tmp_path}/deadman_url", "send_resolved": False}]
    assert people["email_configs"][0]["from"] == "o'b@example.com"
    assert "beat.example.com" not in str(config)


def test_people_are_told_by_slack_where_that_is_set(tmp_path: Path) -> None:
    config = alertmanager(tmp_path, ALERT_SLACK_CHANNEL="#shop")
    people = config["receivers"][1]
    assert people["slack_configs"][0]["api_url_file"] == f"{tmp_path}/slack_url"
    assert "email_configs" not in people


# -- The TLS door beside the sandboxes ---------------------------------------------------------------------------


def test_the_door_gets_a_certificate_of_an_authority_whose_key_is_kept_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    make = [str(DOCKER / "tls" / "make.sh"), str(folder), "localhost", "till.internal"]
    subprocess.run(make, check=True, capture_output=True)
    verify = ["openssl", "verify", "-CAfile", str(folder / "ca.crt"), "-verify_hostname", "till.internal"]
    subprocess.run([*verify, str(folder / "door.crt")], check=True, capture_output=True)
    assert {file.name for file in folder.iterdir()} == {"ca.crt", "door.crt", "door.key"}
    assert (folder / "door.key").stat().st_mode & 0o077 == 0
    made = (folder / "door.crt").read_bytes()
    subprocess.run(make, check=True, capture_output=True)
    assert (folder / "door.crt").read_bytes() == made

"""The other scripts: setup, support, Alertmanager's start, the TLS door's certificate; and shellcheck on all."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.composed import DOCKER, PRODUCTION, ROOT
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


KEY = "[default]\naws_access_key_id = made\naws_secret_access_key = made\n"


@pytest.fixture
def new(tmp_path: Path) -> Machine:
    """A machine on which nothing was set up."""
    made = machine(tmp_path)
    (made.folder / ".env").unlink()
    made.programs("chown")
    (made.folder.parent.parent / "pyproject.toml").write_text('version = "1.0.0"\n')
    return made


@pytest.fixture
def filled(new: Machine) -> Machine:
    """One on which a person has filled everything in, with people told by Slack."""
    new.run("setup.sh")
    for file in (new.folder / "secrets" / "tillstream").iterdir():
        fill(new, f"tillstream/{file.name}", "filled in")
    fill(new, "backup_s3", KEY)
    fill(new, "deadman_url", "https://beat.test/1")
    fill(new, "slack_url", "https://slack.test/1")
    edit(new, ".env", "RESTIC_REPOSITORY=", "RESTIC_REPOSITORY=s3:https://s3.test/backups")
    edit(new, ".env", "DOMAIN=", "DOMAIN=till.test")
    edit(new, ".env", "ACME_EMAIL=", "ACME_EMAIL=ops@shop.test")
    edit(new, ".env", "ALERT_SLACK_CHANNEL=", "ALERT_SLACK_CHANNEL=#shop")
    edit(new, "tillstream.toml", ".example.com", ".test")
    return new


def fill(new: Machine, secret: str, text: str) -> None:
    file = new.folder / "secrets" / secret
    file.chmod(0o600)
    file.write_text(text)


def edit(new: Machine, name: str, old: str, text: str) -> None:
    file = new.folder / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, text))


def test_setup_makes_the_secrets_once_and_lists_what_a_person_must_fill_in(new: Machine) -> None:
    first = new.run("setup.sh")
    assert first.returncode == 1
    for missing in (
        *("DOMAIN in ", "ACME_EMAIL in ", "RESTIC_REPOSITORY in ", "ALERT_EMAIL or"),
        *("tillstream/web_access_token\n", "tillstream/pos_client_secret", "aws_access_key_id", "deadman_url"),
        'base_url = "https://shop.example.com"',
    ):
        assert missing in first.stderr
    secrets = new.folder / "secrets"
    assert secrets.stat().st_mode & 0o077 == 0
    made = (secrets / "postgres_password").read_text()
    assert len(made) == 64
    assert made in (secrets / "tillstream" / "store_url").read_text()
    new.run("setup.sh")
    assert (secrets / "postgres_password").read_text() == made


def test_setup_ends_well_when_nothing_is_missing(filled: Machine) -> None:
    done = filled.run("setup.sh")
    assert done.returncode == 0, done.stderr
    assert filled.version() == "1.0.0"


def test_setup_asks_only_for_secrets_that_the_settings_name(filled: Machine) -> None:
    text = (filled.folder / "tillstream.toml").read_text()
    oauth = "".join(line for line in text.splitlines(keepends=True) if "run/secrets/web_" in line and "[" not in line)
    edit(filled, "tillstream.toml", oauth, 'bearer_token = "file:/run/secrets/web_token"\n')
    for name in ("web_consumer_key", "web_access_token"):
        fill(filled, f"tillstream/{name}", "")
    done = filled.run("setup.sh")
    assert done.stderr.splitlines() == ["Still to fill in:", f"  {filled.folder}/secrets/tillstream/web_token"]
    fill(filled, "tillstream/web_token", "filled in")
    assert filled.run("setup.sh").returncode == 0


@pytest.mark.parametrize(
    ("set_in_env", "missing"),
    [
        ("ALERT_EMAIL=ops@shop.test", ["SMTP_HOST in", "SMTP_FROM in"]),
        ("SMTP_USER=ops", ["secrets/smtp_password"]),
    ],
)
def test_setup_asks_for_what_belongs_together(filled: Machine, set_in_env: str, missing: list[str]) -> None:
    edit(filled, ".env", set_in_env.partition("=")[0] + "=\n", set_in_env + "\n")
    done = filled.run("setup.sh")
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines()[1:] if not any(part in line for part in missing)] == []
    assert len(done.stderr.splitlines()) == 1 + len(missing)


@pytest.mark.parametrize(
    ("secret", "text", "missing"),
    [
        ("slack_url", "", "secrets/slack_url"),
        ("backup_s3", "made:made\n", "aws_access_key_id = "),
        ("smtp_password", "made", "SMTP_USER in"),
    ],
)
def test_setup_looks_into_the_files_that_people_fill_in(filled: Machine, secret: str, text: str, missing: str) -> None:
    fill(filled, secret, text)
    done = filled.run("setup.sh")
    assert done.returncode == 1
    assert missing in done.stderr


def test_an_address_of_the_example_is_not_taken_for_a_real_one(filled: Machine) -> None:
    edit(filled, ".env", "s3.test", "s3.example.com")
    assert "still the example's: RESTIC_REPOSITORY=s3:https://s3.example.com" in filled.run("setup.sh").stderr


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


def test_a_support_bundle_has_no_logs_of_the_database(tmp_path: Path) -> None:
    shop = machine(tmp_path)
    assert shop.run("support.sh", str(tmp_path / "bundle.tar.gz")).returncode == 0
    (logs,) = shop.calls("docker compose .* logs")
    assert logs.split("5000 ")[1].split() == [
        *("deliver-web", "deliver-pos", "inventory", "normalize", "poll", "ingress", "checks"),
    ]


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
    route = config["route"]["routes"][0]
    assert (route["receiver"], route["matchers"]) == ("heartbeat", ['severity="none"'])
    beat, people = config["receivers"]
    assert beat["webhook_configs"] == [{"url_file": f"{tmp_path}/deadman_url", "send_resolved": False}]
    assert people["email_configs"][0]["from"] == "o'b@example.com"
    assert "beat.example.com" not in str(config)


def test_people_are_told_by_slack_where_that_is_set(tmp_path: Path) -> None:
    config = alertmanager(tmp_path, ALERT_SLACK_CHANNEL="#shop")
    people = config["receivers"][1]
    assert people["slack_configs"][0]["api_url_file"] == f"{tmp_path}/slack_url"
    assert "email_configs" not in people
    assert "{{ .Annotations.runbook_url }}\n" in people["slack_configs"][0]["text"]


def test_a_page_comes_again_sooner_than_a_ticket_and_causes_hide_what_follows_as_the_readme_says(
    tmp_path: Path,
) -> None:
    (told,) = re.findall(r"```yaml\n(route:\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    readme, config = yaml.safe_load(told), alertmanager(tmp_path, ALERT_SLACK_CHANNEL="#shop")
    assert config["inhibit_rules"] == readme["inhibit_rules"]
    page, readmes_page = (
        next(route for route in one["route"]["routes"] if route["matchers"] == ['severity="page"'])
        for one in (config, readme)
    )
    assert (page["receiver"], page["repeat_interval"]) == ("people", readmes_page["repeat_interval"])
    for key in ("repeat_interval", "group_by"):
        assert config["route"][key] == readme["route"][key]


# -- Prometheus --------------------------------------------------------------------------------------------------


def test_each_alert_links_to_where_people_read_the_runbook(tmp_path: Path) -> None:
    made = machine(tmp_path)
    made.programs("prometheus")
    (made.folder / "from").mkdir()
    (made.folder / "from" / "rules").symlink_to(ROOT / "helm/tillstream/alerts")
    (made.folder / "from" / "machine-rules").symlink_to(PRODUCTION / "alerts")
    rules = tmp_path / "rules"
    made.environment.update(
        RULES_FROM=str(made.folder / "from"), RULES_DIRECTORY=str(rules), RUNBOOK_URL="https://wiki.test/a&b"
    )
    done = made.run("prometheus/start.sh", "--one", "--two")
    assert done.returncode == 0, done.stderr
    assert made.calls() == ["prometheus --one --two"]
    assert {file.name for file in rules.iterdir()} == {"tillstream.yaml", "backup.yaml"}
    text = (rules / "tillstream.yaml").read_text()
    assert "runbook_url: https://wiki.test/a&b#breakeropen\n" in text
    assert "RUNBOOK.md" not in re.sub(r"#.*", "", text)


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

"""The command line: what it refuses, how it tells, and that help costs nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import JOURNAL_DAYS, cli, main
from app.exit_codes import FAILED, MISCONFIGURED
from streams.topics import TOPICS, dead_letter

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "ingress", "poll", "worker", "demo", "sandbox", "topics", "trace", "balance", "alias", "link-customer",
    "dead-letters", "replay", "discard", "purge", "offsets", "mapping", "gift-cards", "guards", "resume", "launch",
    "observe", "backfill", "doctor", "schemas", "settings",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command quiets Kafka's client for its process; this process runs other tests too."""
    yield
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("TILLSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tillstream", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(cli, ["--help"])
    assert shown.exit_code == 0
    assert all(f" {command} " in shown.output for command in COMMANDS)


@pytest.mark.parametrize("command", ["", "worker", "sandbox", "dead-letters replay", "offsets repair", "mapping test"])
def test_help_imports_nothing_that_it_does_not_need(command: str) -> None:
    arguments = [*command.split(), "--help"]
    code = (
        "import sys; from app.cli import cli\n"
        f"try: cli({arguments!r})\nexcept SystemExit: pass\n"
        "heavy = {'aiohttp', 'aiokafka', 'faust', 'pydantic_settings', 'sqlalchemy', 'uvloop'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_a_wrong_setting_is_told_in_one_block(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TILLSTREAM_WORKER__LANES", "many")
    assert run(monkeypatch, "worker", "normalize") == MISCONFIGURED
    told = capsys.readouterr().err
    assert told.startswith("Tillstream does not start: one setting is wrong.")
    assert "TILLSTREAM_WORKER__LANES" in told


def test_a_kafka_that_is_not_there_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert run(monkeypatch, "topics", "create") == FAILED
    assert "Unavailable: Kafka at 127.0.0.1:1 cannot be used" in capsys.readouterr().err


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("app.settings.Settings.load", broken)
    monkeypatch.setattr(sys, "argv", ["tillstream", "settings", "--values"])
    with pytest.raises(RuntimeError, match="a defect"):
        main()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["worker", "deliver"], "needs --target NAME"),
        (["worker", "normalize", "--target", "pos"], "takes no --target"),
        (["worker", "deliver", "--target", "pos"], "there is none yet"),
        (["worker", "guess"], "'guess'"),
        (["sandbox", "shopify"], "'shopify'"),
        (["purge", "--older-than-days", "29"], "must outlast what Kafka keeps"),
        (["discard", "r1"], "Missing option '--reason'"),
        (["discard", "r1", "--reason", " "], "say why"),
        (["dead-letters", "replay"], "say which"),
        (["dead-letters", "discard", "--reason", "x"], "say which"),
        (["dead-letters", "discard", "--stage", "deliver", "--reason", " "], "say why"),
        (["dead-letters", "list", "--since", "soon"], "'soon' is neither an age"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: list[str], told: str) -> None:
    shown = CliRunner().invoke(cli, arguments, env={"COLUMNS": "200"})
    assert shown.exit_code == MISCONFIGURED
    assert told in " ".join(shown.output.replace("│", " ").split())


def test_the_journal_outlasts_every_topic_that_a_stage_reads_again() -> None:
    read_again = [topic for topic in TOPICS if not topic.compacted and not topic.name.startswith(dead_letter(""))]
    assert max(topic.retention_days for topic in read_again) < JOURNAL_DAYS


def test_a_demo_variable_that_makes_no_sense_is_refused() -> None:
    shown = CliRunner().invoke(cli, ["demo"], env={"DEMO_SECONDS": "soon", "COLUMNS": "200"})
    assert shown.exit_code == MISCONFIGURED
    assert "DEMO_SECONDS=soon" in shown.output


def test_settings_explains_each_setting_and_shows_the_values() -> None:
    shown = CliRunner().invoke(cli, ["settings"], env={"TILLSTREAM_LOG_LEVEL": "DEBUG"})
    assert shown.exit_code == 0
    assert "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS" in shown.output
    assert "log_level = DEBUG" in shown.output.splitlines()


def test_topics_are_created_and_listed_on_a_real_broker(kafka_bootstrap: str) -> None:
    variables = {
        "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS": kafka_bootstrap,
        "TILLSTREAM_KAFKA__REPLICATION_FACTOR": "1",
        "TILLSTREAM_KAFKA__MIN_INSYNC_REPLICAS": "1",
    }
    environ = {**os.environ, **variables, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def topics(command: str) -> str:
        arguments = [sys.executable, "-m", "app.cli", "topics", command]
        return subprocess.run(arguments, env=environ, capture_output=True, text=True, check=True).stdout

    assert "canonical.sale" in topics("create")
    assert all(line.split()[1] == "exists" for line in topics("create").splitlines())
    listed = {line.split()[0]: line.split()[1:] for line in topics("list").splitlines()}
    assert listed["canonical.stock"][0] == "12"
    assert listed["canonical.stock"][-1] == "exists"

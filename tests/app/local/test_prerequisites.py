"""What a machine must have, told before anything is set up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.local import prerequisites

SCRIPT = Path(prerequisites.__file__)


def test_a_machine_that_has_everything_lacks_nothing() -> None:
    assert prerequisites.missing_for_python((3, 11, 7), ("ensurepip",)) == []
    assert prerequisites.missing_for_kafka(17, maven=True) == []


@pytest.mark.parametrize(
    ("java", "maven", "told"),
    [(None, True, ["Java 17"]), (11, True, ["this is 11"]), (21, False, ["Maven"]), (None, False, ["Java", "Maven"])],
)
def test_what_is_missing_is_named(java: int | None, maven: bool, told: list[str]) -> None:
    found = prerequisites.missing_for_kafka(java, maven)
    assert len(found) == len(told)
    assert all(word in item.what for item, word in zip(found, told, strict=True))


def test_the_report_says_how_to_install_it() -> None:
    text = prerequisites.report(prerequisites.missing_for_kafka(None, maven=False))
    assert "apt-get install openjdk-17-jre-headless" in text
    assert "brew install maven" in text
    assert "KAFKA_BOOTSTRAP_SERVERS" in text


def test_an_old_python_and_a_python_without_venv_are_named() -> None:
    assert "3.11" in prerequisites.missing_for_python((3, 9, 2), ())[0].what
    assert "python3-venv" in prerequisites.missing_for_python((3, 12, 1), ())[0].debian


@pytest.mark.parametrize(
    ("shown", "release"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
    ],
)
def test_javas_release_is_read_from_its_own_words(tmp_path: Path, shown: str, release: int | None) -> None:
    java = tmp_path / "java"
    java.write_text(f'#!/bin/sh\necho "{shown.replace(chr(34), chr(92) + chr(34))}" >&2\n')
    java.chmod(0o755)
    assert prerequisites.java_release(str(java)) == release


def test_the_check_runs_on_a_bare_python_and_fails_where_java_is_missing(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    assert "Java 17" in shown.stderr


def test_a_kafka_that_is_given_needs_no_java(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
    shown = subprocess.run(
        [sys.executable, "-I", str(SCRIPT)], env=environ, capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")

"""The nightly backup: one that failed never counts as made. The restore: one that failed leaves all as it was."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command_line import parse
from tests.docker.machine import Machine, machine

MADE, FAILED = "false, '\\[\\]'", "SET failed = true"


@pytest.fixture
def inside(tmp_path: Path) -> Machine:
    """Inside the ``backup`` container; its folders lead to this test's."""
    made = machine(tmp_path)
    made.programs("pg_dump", "pg_restore", "psql", "restic", "cp", "sleep")
    password = tmp_path / "password"
    password.write_text("made here")
    made.environment.update(
        POSTGRES_PASSWORD_FILE=str(password), BACKUP_DIRECTORY=str(tmp_path / "backup"), BACKUP_AT="02:30"
    )
    return made


def test_a_backup_counts_when_the_repository_has_it(inside: Machine) -> None:
    done = inside.run("backup/backup.sh")
    assert done.returncode == 0, done.stderr
    names = [" ".join(call.split()[:2]) for call in inside.calls("(restic|psql) ")]
    assert names == ["restic unlock", "restic cat", "restic backup", "psql --quiet", "restic forget"]
    assert len(inside.calls(MADE)) == 1
    assert not (Path(inside.environment["BACKUP_DIRECTORY"]) / "spool").exists()


def test_the_first_backup_makes_the_repository(inside: Machine) -> None:
    inside.let_fail("restic unlock", "restic cat config")
    assert inside.run("backup/backup.sh").returncode == 0
    assert inside.calls("restic init")


@pytest.mark.parametrize("failing", ["pg_dump", "pg_restore --list", "restic backup", " cp ", "restic (cat|init)"])
def test_a_backup_that_fails_anywhere_never_counts(inside: Machine, failing: str) -> None:
    inside.let_fail(failing)
    done = inside.run("backup/backup.sh")
    assert done.returncode != 0
    assert "FAILED" in done.stdout
    assert inside.calls(MADE) == []
    assert len(inside.calls(FAILED)) == 1
    assert not any("ended_at = excluded" in call for call in inside.calls(FAILED))


def test_a_backup_that_cannot_be_told_does_not_count_either(inside: Machine) -> None:
    inside.let_fail(f"psql .*{MADE}")
    done = inside.run("backup/backup.sh")
    assert done.returncode != 0
    assert len(inside.calls(FAILED)) == 1


def test_a_dump_that_failed_is_not_sent(inside: Machine) -> None:
    inside.let_fail("pg_dump")
    inside.run("backup/backup.sh")
    assert inside.calls("restic backup") == []


def test_old_backups_that_cannot_be_removed_do_not_undo_the_new_one(inside: Machine) -> None:
    inside.let_fail("restic forget")
    done = inside.run("backup/backup.sh")
    assert done.returncode == 0
    assert inside.calls(FAILED) == []


def test_a_night_that_failed_is_tried_again_after_half_an_hour(inside: Machine) -> None:
    inside.programs("backup.sh")
    inside.let_fail("backup.sh", "sleep 1800")
    inside.run("backup/nightly.sh")
    slept = [int(call.split()[1]) for call in inside.calls("sleep")]
    assert 0 < slept[0] <= 86400
    assert slept[1:] == [1800]
    assert len(inside.calls("backup.sh")) == 1


@pytest.mark.parametrize("script", ["backup/backup.sh", "backup/restore.sh"])
def test_inside_the_container_an_unknown_word_does_nothing_either(inside: Machine, script: str) -> None:
    assert inside.run(script, "--help").returncode != 0
    assert inside.calls() == []


# -- Restore -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Machine:
    made = machine(tmp_path)
    made.let_answer({"restore.sh.find": "#1 building", "find.(latest|4f3a)": "4f3a 2026-11-28T02:30:04"})
    return made


def test_a_restore_goes_on_from_what_the_restored_store_has_seen_done(shop: Machine) -> None:
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 0, done.stderr
    calls = [re.sub(r"tillstream_before_\d{14}$", "BEFORE", call.removeprefix("docker ")) for call in shop.calls()]
    assert calls[:2] == ["build --quiet backup", "run --rm --no-TTY backup restore.sh find latest"]
    assert calls[2].startswith("stop ")
    assert calls[3:6] == [
        "run --rm backup restore.sh take 4f3a BEFORE",
        "run --rm migrate",
        "run --rm cli offsets restored --since 2026-11-28T02:30:04 --apply",
    ]
    assert calls[-1].endswith(" checks")


@pytest.mark.parametrize("arguments", [["--kafka-lost", "30d", "4f3a"], ["4f3a", "--kafka-lost", "30d"]], ids=" ".join)
def test_on_a_new_machine_both_systems_are_read_again(shop: Machine, arguments: list[str]) -> None:
    done = shop.run("restore.sh", *arguments, "--yes")
    assert done.returncode == 1
    assert "on a machine that is gone" in done.stderr
    assert shop.calls("take 4f3a")
    assert shop.calls("offsets reread --since 30d --apply")
    assert shop.calls("--no-deps") == []
    assert shop.run("restore.sh", *arguments, "--yes", "--start").returncode == 0
    assert len(shop.calls("--no-deps")) == 7


@pytest.mark.parametrize(("typed", "restored"), [("yes\n", True), ("y\n", False), ("", False)])
def test_a_restore_tells_the_backups_time_and_begins_when_a_person_agrees(
    shop: Machine, typed: str, restored: bool
) -> None:
    done = shop.run("restore.sh", typed=typed)
    assert "2026-11-28T02:30:04 UTC" in done.stderr
    assert (done.returncode == 0) is restored
    assert bool(shop.calls("take")) is restored
    assert bool(shop.calls(" stop ")) is restored


def test_who_does_not_say_since_when_is_told_what_depends_on_it(shop: Machine) -> None:
    assert "before your oldest order that is not shipped" in shop.run("restore.sh", "4f3a", "--kafka-lost").stderr


def test_a_backup_that_is_not_there_stops_nothing(shop: Machine) -> None:
    done = shop.run("restore.sh", "--yes", "9999")
    assert done.returncode == 1
    assert "restic snapshots" in done.stderr
    assert shop.calls(" stop ") == []


@pytest.mark.parametrize(
    "arguments",
    [["--kafka-lost"], ["--kafka-lost", "30d"], ["--kafka-lost", "--yes", "4f3a"], ["--dry-run"], ["4f3a", "5e2b"]],
    ids=" ".join,
)
def test_a_restore_that_was_not_understood_does_nothing(shop: Machine, arguments: list[str]) -> None:
    done = shop.run("restore.sh", *arguments)
    assert done.returncode == 2
    assert "docker/production/restore.sh [--yes]" in done.stderr
    assert shop.calls() == []


@pytest.mark.parametrize("failing", ["restore.sh take", "run --rm migrate", "offsets restored"])
def test_a_restore_that_cannot_go_on_puts_the_store_from_before_back(shop: Machine, failing: str) -> None:
    shop.programs("sleep")
    shop.let_fail(failing)
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 1
    assert "nothing is restored: the store is as it was" in done.stderr
    (taken,), (undone,) = shop.calls("restore.sh take"), shop.calls("restore.sh undo")
    assert taken.split()[-1] == undone.split()[-1]
    assert len(shop.calls("--no-deps")) == 7


def test_a_group_whose_killed_worker_is_still_counted_is_waited_for(shop: Machine) -> None:
    shop.programs("sleep")
    (shop.folder / "bin" / "sleep").write_text(
        '#!/bin/bash\nprintf "%s" "$*" >>"$MACHINE/slept"; : >"$MACHINE/fails"\n'
    )
    shop.let_fail("offsets restored")
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 0, done.stderr
    assert (shop.folder / "slept").read_text() == "10"
    assert len(shop.calls("offsets restored")) == 2
    assert shop.calls("restore.sh undo") == []


@pytest.mark.parametrize("signal", ["HUP", "INT", "TERM"])
def test_a_restore_that_is_stopped_puts_the_store_from_before_back(shop: Machine, signal: str) -> None:
    shop.let_end(signal, "restore.sh take")
    assert shop.run("restore.sh", "--yes").returncode == 1
    assert len(shop.calls("restore.sh undo")) == 1
    assert shop.calls("offsets") == []
    assert len(shop.calls("--no-deps")) == 7


def test_a_connection_that_is_lost_while_roles_start_keeps_none_from_starting(shop: Machine) -> None:
    shop.let_end("HUP", "up .* inventory$")
    assert shop.run("restore.sh", "--yes").returncode == 0
    assert len(shop.calls("--no-deps")) == 7
    assert "All roles are ready" in (shop.folder / "interrupted.log").read_text()


def test_what_cannot_be_built_anew_keeps_no_store_from_being_restored(shop: Machine) -> None:
    shop.let_fail("compose .* build ")
    assert shop.run("restore.sh", "--yes").returncode == 0


def test_roles_that_cannot_be_stopped_keep_a_store_from_being_restored(shop: Machine) -> None:
    shop.let_fail("compose .* stop ")
    assert shop.run("restore.sh", "--yes").returncode == 1
    assert shop.calls("restore.sh (take|undo)") == []


def test_a_store_that_cannot_be_put_back_starts_no_role_and_says_how_to(shop: Machine) -> None:
    shop.let_fail("run --rm migrate", "restore.sh undo")
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 1
    assert "could not be put back" in done.stderr
    assert shop.calls("restore.sh undo")[0].removeprefix("docker ") in done.stderr
    assert shop.calls("--no-deps") == []


def test_a_role_that_is_not_ready_is_named_and_keeps_no_other_from_starting(shop: Machine) -> None:
    shop.let_fail("up .* inventory$", "up .* poll$")
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 1
    assert "the store is restored, but not ready: inventory poll;" in done.stderr
    assert shop.calls("restore.sh undo") == []
    assert len(shop.calls("--no-deps")) == 7


def test_roles_that_are_not_ready_are_named_when_nothing_is_restored_too(shop: Machine) -> None:
    shop.let_fail("run --rm migrate", "up .* deliver-web$")
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 1
    assert "the store is as it was. Not ready: deliver-web;" in done.stderr


SINCE = "order from web to pos: docker compose run --rm cli launch order --since 2026-11-28T09:00:00.000000"


@pytest.mark.parametrize("arguments", [[], ["--start"]], ids=str)
def test_roles_start_after_the_flows_of_since_were_launched_or_when_a_person_says_so(
    shop: Machine, arguments: list[str]
) -> None:
    shop.let_answer({"find.latest": "4f3a 2026-11-28T02:30:04", "decided": SINCE})
    done = shop.run("restore.sh", "--yes", *arguments)
    assert SINCE in done.stderr
    assert done.returncode == (0 if arguments else 1)
    assert ("no role is started" in done.stderr) is not bool(arguments)
    assert bool(shop.calls("--no-deps")) is bool(arguments)
    assert shop.calls("restore.sh undo") == []
    parse(shlex.split(SINCE.split(" cli ")[1]))


def test_decisions_that_cannot_be_read_start_no_role_either(shop: Machine) -> None:
    shop.let_fail("restore.sh decided")
    done = shop.run("restore.sh", "--yes")
    assert done.returncode == 1
    assert "could not be read" in done.stderr
    assert shop.calls("--no-deps") == []


def test_half_a_database_never_takes_the_stores_place(inside: Machine) -> None:
    spool = Path(inside.environment["BACKUP_DIRECTORY"]) / "restored"
    inside.programs("find")
    (inside.folder / "bin" / "find").write_text(f"#!/bin/bash\necho {spool}/store.dump\n")
    inside.let_fail("pg_restore")
    assert inside.run("backup/restore.sh", "take", "latest", "tillstream_before_1").returncode != 0
    assert inside.calls("CREATE DATABASE tillstream_new")
    assert inside.calls("RENAME") == []
    inside.let_fail()
    assert inside.run("backup/restore.sh", "take", "latest", "tillstream_before_1").returncode == 0
    (renamed,) = inside.calls("RENAME")
    assert "--single-transaction" in renamed
    assert inside.calls("DROP DATABASE IF EXISTS tillstream_before") == []


def test_what_was_not_taken_is_not_undone(inside: Machine) -> None:
    assert inside.run("backup/restore.sh", "undo", "tillstream_before_1").returncode == 0
    assert inside.calls("RENAME") == []


def test_a_database_that_does_not_answer_is_not_taken_for_one_without_anything_to_undo(inside: Machine) -> None:
    inside.let_fail("psql")
    assert inside.run("backup/restore.sh", "undo", "tillstream_before_1").returncode != 0


def test_no_backup_is_made_while_the_store_is_taken(inside: Machine) -> None:
    inside.programs("flock")
    inside.let_fail("flock")
    assert inside.run("backup/restore.sh", "take", "latest", "tillstream_before_1").returncode != 0
    assert inside.run("backup/restore.sh", "undo", "tillstream_before_1").returncode != 0
    assert inside.calls("(psql|restic) ") == []

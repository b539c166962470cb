"""``upgrade.sh`` and ``rollback.sh``: a backup, one role after the other, and back if one does not become ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker.composed import ROLES
from tests.docker.machine import Machine, machine

IN_ORDER = [*reversed(ROLES), "checks"]


@pytest.fixture
def old(tmp_path: Path) -> Machine:
    return machine(tmp_path)


def started(calls: list[str]) -> list[str]:
    return [call.split()[-1] for call in calls if " --no-deps " in call]


def test_an_upgrade_saves_prepares_and_starts_one_role_after_the_other(old: Machine) -> None:
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 0, done.stderr
    calls = old.calls("docker compose")
    assert [call.removeprefix("docker ") for call in calls[:4]] == [
        "build --quiet backup",
        "run --rm backup backup.sh",
        "run --rm topics",
        "run --rm migrate",
    ]
    assert started(calls) == IN_ORDER
    assert old.version() == "1.1.0"
    assert (old.folder / ".previous-version").read_text() == "1.0.0\n"


def test_what_is_beside_the_roles_gets_the_files_of_the_new_checkout_too(old: Machine) -> None:
    assert old.run("upgrade.sh", "1.1.0").returncode == 0
    rest = ["docker up --detach --build --remove-orphans", "docker restart prometheus alertmanager grafana door backup"]
    assert old.calls()[-2:] == rest
    assert old.run("rollback.sh").returncode == 0
    assert old.calls()[-2:] == rest


@pytest.mark.parametrize("failing", ["run --rm backup", "build --quiet backup"])
def test_without_a_backup_nothing_is_changed(old: Machine, failing: str) -> None:
    old.let_fail(failing)
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 1
    assert "the backup failed, and nothing is changed" in done.stderr
    assert old.version() == "1.0.0"
    assert started(old.calls()) == []


def test_whoever_says_so_upgrades_without_a_backup(old: Machine) -> None:
    old.let_fail("run --rm backup")
    assert old.run("upgrade.sh", "1.1.0", "--without-backup").returncode == 0
    assert old.version() == "1.1.0"


@pytest.mark.parametrize("failing", ["run --rm topics", "run --rm migrate", "up .* deliver-web$", "up .* ingress$"])
def test_an_upgrade_that_fails_goes_back_to_what_ran(old: Machine, failing: str) -> None:
    old.let_fail(f"^1.1.0 .*{failing}")
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 1
    assert "nothing is changed: 1.0.0 runs again and is ready" in done.stderr
    assert old.version() == "1.0.0"
    assert started(old.calls("^1.0.0 ")) == IN_ORDER
    assert not (old.folder / ".previous-version").exists()


def test_when_neither_version_becomes_ready_it_says_so(old: Machine) -> None:
    old.let_fail("up .* normalize$")
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 1
    assert "1.0.0 does not become ready either" in done.stderr
    assert old.version() == "1.0.0"


def test_a_dashboard_that_does_not_start_undoes_no_upgrade(old: Machine) -> None:
    old.let_fail("--remove-orphans")
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 0
    assert "beside the roles" in done.stderr


def test_an_image_that_is_nowhere_is_told_with_how_to_make_it(old: Machine) -> None:
    old.let_fail("image inspect", "pull")
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 1
    assert "docker build -t tillstream:1.1.0" in done.stderr
    assert old.version() == "1.0.0"


def test_an_upgrade_to_what_runs_is_refused(old: Machine) -> None:
    assert "1.0.0 is what runs here" in old.run("upgrade.sh", "1.0.0").stderr


def test_a_rollback_goes_to_the_version_before_and_can_be_undone(old: Machine) -> None:
    assert old.run("upgrade.sh", "1.1.0").returncode == 0
    (old.folder / "calls").unlink()
    assert old.run("rollback.sh").returncode == 0
    assert old.version() == "1.0.0"
    assert started(old.calls()) == IN_ORDER
    assert old.calls("migrate") == []
    assert old.run("rollback.sh").returncode == 0
    assert old.version() == "1.1.0"


def test_a_rollback_does_not_wait_for_a_backup_that_fails(old: Machine) -> None:
    assert old.run("upgrade.sh", "1.1.0").returncode == 0
    old.let_fail("run --rm backup")
    assert old.run("rollback.sh").returncode == 0
    assert old.version() == "1.0.0"


def test_a_rollback_that_does_not_become_ready_leaves_what_ran(old: Machine) -> None:
    assert old.run("upgrade.sh", "1.1.0").returncode == 0
    old.let_fail("^1.0.0 .*up .* poll$")
    done = old.run("rollback.sh")
    assert done.returncode == 1
    assert old.version() == "1.1.0"


def test_without_an_upgrade_there_is_nothing_to_go_back_to(old: Machine) -> None:
    assert "nothing to go back to" in old.run("rollback.sh").stderr


# -- Cut short ---------------------------------------------------------------------------------------------------


@pytest.fixture
def twice_upgraded(old: Machine) -> Machine:
    """1.1.0 runs, 1.0.0 ran before."""
    assert old.run("upgrade.sh", "1.1.0").returncode == 0
    (old.folder / "calls").unlink()
    return old


@pytest.mark.parametrize("signal", ["HUP", "INT", "TERM"])
def test_an_upgrade_that_is_stopped_goes_back_to_what_ran(twice_upgraded: Machine, signal: str) -> None:
    twice_upgraded.let_end(signal, "^1.2.0 .*up .* inventory$")
    done = twice_upgraded.run("upgrade.sh", "1.2.0")
    assert done.returncode == 1
    assert twice_upgraded.version() == "1.1.0"
    assert started(twice_upgraded.calls("^1.1.0 ")) == IN_ORDER
    assert twice_upgraded.run("rollback.sh").returncode == 0
    assert twice_upgraded.version() == "1.0.0"


def test_one_that_is_stopped_says_so_if_what_ran_does_not_become_ready_again(old: Machine) -> None:
    old.let_end("TERM", "^1.1.0 .*up .* inventory$")
    old.let_fail("^1.0.0 .*up .* poll$")
    done = old.run("upgrade.sh", "1.1.0")
    assert done.returncode == 1
    assert "1.0.0 does not become ready either" in done.stderr
    old.let_fail()
    assert old.run("rollback.sh").returncode == 0
    assert old.version() == "1.0.0"


def test_what_is_said_after_a_lost_connection_is_in_a_file(old: Machine) -> None:
    old.let_end("HUP", "^1.1.0 .*up .* poll$")
    assert "nothing is changed" not in old.run("upgrade.sh", "1.1.0").stderr
    assert "nothing is changed: 1.0.0 runs again" in (old.folder / "interrupted.log").read_text()


def test_a_rollback_that_is_stopped_goes_back_too(twice_upgraded: Machine) -> None:
    twice_upgraded.let_end("TERM", "^1.0.0 .*up .* inventory$")
    assert twice_upgraded.run("rollback.sh").returncode == 1
    assert twice_upgraded.version() == "1.1.0"
    assert twice_upgraded.run("rollback.sh").returncode == 0
    assert twice_upgraded.version() == "1.0.0"


@pytest.fixture
def cut_short(twice_upgraded: Machine) -> Machine:
    """The machine stopped in the midst of an upgrade to 1.2.0."""
    twice_upgraded.let_end("KILL", "^1.2.0 .*up .* inventory$")
    assert twice_upgraded.run("upgrade.sh", "1.2.0").returncode < 0
    assert twice_upgraded.version() == "1.2.0"
    (twice_upgraded.folder / "calls").unlink()
    return twice_upgraded


def test_an_upgrade_that_was_cut_short_is_gone_on_with(cut_short: Machine) -> None:
    done = cut_short.run("upgrade.sh", "1.2.0")
    assert done.returncode == 0, done.stderr
    assert started(cut_short.calls("^1.2.0 ")) == IN_ORDER
    assert cut_short.run("rollback.sh").returncode == 0
    assert cut_short.version() == "1.1.0"


def test_a_rollback_after_it_goes_to_what_ran_before_and_no_further(cut_short: Machine) -> None:
    done = cut_short.run("rollback.sh")
    assert done.returncode == 0, done.stderr
    assert cut_short.version() == "1.1.0"
    assert started(cut_short.calls("^1.1.0 ")) == IN_ORDER


def test_one_that_fails_when_it_is_gone_on_with_goes_back_to_what_ran_before(cut_short: Machine) -> None:
    cut_short.let_fail("^1.2.0 .*up .* poll$")
    assert cut_short.run("upgrade.sh", "1.2.0").returncode == 1
    assert cut_short.version() == "1.1.0"
    assert cut_short.run("rollback.sh").returncode == 0
    assert cut_short.version() == "1.0.0"


def test_a_rollback_that_was_cut_short_is_gone_on_with(twice_upgraded: Machine) -> None:
    twice_upgraded.let_end("KILL", "^1.0.0 .*up .* inventory$")
    assert twice_upgraded.run("rollback.sh").returncode < 0
    (twice_upgraded.folder / "calls").unlink()
    assert twice_upgraded.run("rollback.sh").returncode == 0
    assert started(twice_upgraded.calls("^1.0.0 ")) == IN_ORDER

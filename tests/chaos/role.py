"""One role as a process that can be struck at its failpoints.

``python -m tests.chaos.role ingress | poll | worker STAGE [--target NAME]`` runs what ``tillstream`` runs with the same
arguments. ``CHAOS_FAILPOINTS`` names the directory of `tests.chaos.armed`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from app import roles
from app.commands.running import load_settings
from app.logging import configure_logging
from tests.chaos.armed import Armed

DIRECTORY = "CHAOS_FAILPOINTS"


def main() -> int:
    """Run the role to its end; the exit code is the role's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("ingress", "poll", "worker"))
    parser.add_argument("stage", nargs="?")
    parser.add_argument("--target")
    given = parser.parse_args()
    role = given.stage or given.command
    settings = load_settings()
    configure_logging(settings.log_level)
    name = role if given.target is None else f"{role}-{given.target}"
    return roles.run(role, settings, given.target, failpoints=Armed(Path(os.environ[DIRECTORY]), name))


if __name__ == "__main__":
    sys.exit(main())

"""A machine for the scripts of docker/production: their folder, and programs that only note how they were called."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docker.composed import PRODUCTION

STUB = """#!/bin/bash
version=$(sed -n 's/^TILLSTREAM_VERSION=//p' "$MACHINE/.env" 2>/dev/null)
call=$(printf '%s' "$version $(basename "$0") $*" | tr '\\n' ' ')
printf '%s\\n' "$call" >>"$MACHINE/calls"
if [ "$(basename "$0")" = pg_dump ]; then for last; do :; done; file=${last#--file=}; echo dump >"$file"; fi
while read -r pattern; do
  if [ -n "$pattern" ] && grep -qE -- "$pattern" <<<"$call"; then echo "stub: fails" >&2; exit 7; fi
done <"$MACHINE/fails"
while read -r pattern answer; do
  if [ -n "$pattern" ] && grep -qE -- "$pattern" <<<"$call"; then printf '%s\\n' "$answer"; fi
done <"$MACHINE/answers"
while read -r signal pattern; do
  if [ -n "$pattern" ] && grep -qE -- "$pattern" <<<"$call"; then : >"$MACHINE/signals"; kill -s "$signal" "$PPID"; fi
done <"$MACHINE/signals"
exit 0
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Attributes:
    folder: a copy of docker/production, and where calls are written down.
    environment: more variables.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def programs(self, *names: str) -> None:
        """Stand-ins on the path, before the real ones."""
        (self.folder / "bin").mkdir(exist_ok=True)
        for name in names:
            stub = self.folder / "bin" / name
            stub.write_text(STUB)
            stub.chmod(0o755)

    def let_fail(self, *patterns: str) -> None:
        """Calls like these fail from now on; a call begins with the version that is set."""
        (self.folder / "fails").write_text("".join(f"{pattern}\n" for pattern in patterns))

    def let_answer(self, answers: Mapping[str, str]) -> None:
        """What calls print from now on, by a pattern without spaces."""
        (self.folder / "answers").write_text("".join(f"{pattern} {answer}\n" for pattern, answer in answers.items()))

    def let_end(self, signal: str, pattern: str) -> None:
        """The next call like this sends the signal to the script that made it, once."""
        (self.folder / "signals").write_text(f"{signal} {pattern}\n")

    def run(self, script: str, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run one of the scripts; ``typed`` is what a person answers."""
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        environment = {"PATH": path, "MACHINE": str(self.folder), "HOME": str(self.folder), **self.environment}
        command = [str(self.folder / script), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, timeout=60, input=typed
        )

    def calls(self, pattern: str = "") -> list[str]:
        """What was called, shortened: without version, and without compose's own options."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        found = [line for line in lines if re.search(pattern, line)]
        return [re.sub(r"^\S* |compose --project-directory \S+ --file \S+ ", "", line).strip() for line in found]

    def version(self) -> str:
        """What .env says."""
        return str(re.findall(r"^TILLSTREAM_VERSION=(.*)$", (self.folder / ".env").read_text(), re.MULTILINE)[-1])


def machine(folder: Path, version: str = "1.0.0") -> Machine:
    """One on which ``version`` runs, with a stand-in for Docker."""
    made = folder / "production"
    shutil.copytree(PRODUCTION, made, ignore=shutil.ignore_patterns(".env", "secrets", ".previous-version"))
    (made / ".env").write_text((made / "env.example").read_text().replace("VERSION=\n", f"VERSION={version}\n"))
    found = Machine(made)
    found.programs("docker")
    found.let_fail()
    found.let_answer({})
    (found.folder / "signals").touch()
    return found

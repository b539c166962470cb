"""A role of the next version, as a process: it writes and reads one more schema version of the envelope.

``python -m tests.integration.newer_role worker normalize`` takes what ``tillstream`` takes.
"""

from __future__ import annotations

from dataclasses import replace

from app.cli import main
from schemas.envelope import SCHEMA_VERSION, Envelope
from streams.runtime import stage

NEWER = SCHEMA_VERSION + 1


def upgrade() -> None:
    """Make this process one of the next version."""
    as_it_was = Envelope.to_headers

    def to_headers(self: Envelope) -> list[tuple[str, bytes]]:
        return as_it_was(replace(self, schema_version=NEWER))

    Envelope.to_headers = to_headers  # type: ignore[method-assign]
    vars(stage)["SCHEMA_VERSION"] = NEWER


if __name__ == "__main__":
    upgrade()
    main()

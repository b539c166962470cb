"""Which real servers this test run has started, for its last line."""

from __future__ import annotations

VERSIONS: dict[str, str] = {}
"""``kafka`` or ``postgres`` -> version; the fixture that starts the server writes it."""

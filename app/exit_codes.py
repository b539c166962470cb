"""How a process of Tillstream ends."""

from __future__ import annotations

OK = 0
"""Done; a role: ended as it was asked to."""
FAILED = 1
"""Not done, and why is on standard error; a role: start it again."""
MISCONFIGURED = 2
"""A setting, a document or an argument is wrong, and a new start would not mend it."""
OFFSETS_LOST = 3
"""A worker that `OffsetsLost` has ended: a new start would end the same way."""
INTERRUPTED = 130
"""Ended by Ctrl-C."""

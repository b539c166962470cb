"""Any text, in the form that PostgreSQL takes and keeps: it knows neither NUL nor half a surrogate pair, senders do."""

from __future__ import annotations

SUBJECT_LENGTH = 200
"""Characters of a subject that are kept: it is what people search by, and an index entry has its limit."""

_ESCAPED = "\x1b"


def storable(text: str) -> str:
    """The text itself, or its escaped form if the database would refuse it. `restored` undoes it."""
    if "\x00" not in text and not text.startswith(_ESCAPED):
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _ESCAPED + text.encode("unicode_escape").decode("ascii")


def restored(text: str) -> str:
    """What `storable` was given."""
    return text[1:].encode("ascii").decode("unicode_escape") if text.startswith(_ESCAPED) else text

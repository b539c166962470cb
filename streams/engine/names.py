"""People's names: typed in capitals or without any, and in one field or two."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[^\s'\u2019\u02bc.-]+")
_NUMERALS = frozenset({"II", "III", "IV"})
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "md", "phd"})
_PARTICLES = frozenset({"da", "de", "del", "della", "den", "der", "di", "dos", "du", "la", "le", "van", "von", "ter"})


def proper_name(value: str) -> str:
    """A name that is all in capitals, or has none, with capitals where names have them; any other stays as it is.

    Someone who wrote ``deVries`` or ``LaToya`` meant it.
    """
    name = _words(value)
    if not (name.isupper() or name.islower()):
        return name
    return _PARTS.sub(lambda part: _capital(part[0]), name)


def first_name(value: str) -> str:
    """The first names of a whole name: ``Mary Ann`` of ``Mary Ann Smith``."""
    return _split(value)[0]


def last_name(value: str) -> str:
    """The last name of a whole name, with particles and suffixes; empty if there is one word."""
    return _split(value)[1]


def _split(value: str) -> tuple[str, str]:
    name = _words(value)
    if "," in name:
        last, _, first = name.partition(",")
        if first.strip().casefold() not in _SUFFIXES:
            return first.strip(), last.strip()
    words = name.split()
    begin = len(words) - 1
    while begin > 1 and words[begin].casefold() in _SUFFIXES:
        begin -= 1
    while begin > 1 and words[begin - 1].casefold() in _PARTICLES:
        begin -= 1
    begin = max(begin, 1)
    return " ".join(words[:begin]), " ".join(words[begin:])


def _capital(part: str) -> str:
    if part.upper() in _NUMERALS:
        return part.upper()
    if part.casefold().startswith("mc") and len(part) > len("mc"):
        return f"Mc{part[2:].capitalize()}"
    return part.capitalize()


def _words(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError("a string is needed")
    return " ".join(value.split())

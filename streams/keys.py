"""Keys of records about what one connection has: its name comes first, so that two shops' order 42 share no lane."""

from __future__ import annotations

SEPARATOR = b":"
"""In no connection's name (`schemas.ids.CONNECTION_NAME`)."""


def key_of(connection: str, native_id: str) -> bytes:
    """The key of what that connection calls ``native_id``."""
    return connection.encode() + SEPARATOR + native_id.encode()


def connection_in(key: bytes) -> str:
    """The connection that such a key names."""
    return key.partition(SEPARATOR)[0].decode("utf-8", "replace")

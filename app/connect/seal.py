"""Webhook secrets at rest: sealed with a key that only the settings hold."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_PURPOSE = b"tillstream webhook secret"


class Seal:
    """Seals secrets of one connection under its client secret, so that a copy of the store opens none of them."""

    def __init__(self, client_secret: SecretStr) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(client_secret.get_secret_value().encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, secret: str) -> bytes:
        """The secret as the store keeps it."""
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> SecretStr | None:
        """The secret; None if it was sealed under another client secret."""
        try:
            return SecretStr(self._fernet.decrypt(sealed).decode())
        except InvalidToken:
            return None

"""Tokens: ``POST /oauth/token`` (RFC 6749, sections 4.4 and 5)."""

from __future__ import annotations

from pydantic import Field

from schemas.wire import Wire


class Token(Wire):
    """A bearer token; ``expires_in`` is in seconds, an hour where the server does not say. ``scope`` is what it may do,
    in words between blanks; empty where the server does not say."""

    access_token: str = Field(min_length=1, repr=False)
    expires_in: int = 3600
    scope: str = ""


class TokenError(Wire):
    """Why there is no token."""

    error: str
    error_description: str = ""

"""Bearer tokens by OAuth 2.0 client credentials (RFC 6749 section 4.4)."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from app.sandbox.heartland.errors import ApiError
from app.sandbox.heartland.shapes import Problems, Reader

SCOPES = ("read", "write")
FORM = "application/x-www-form-urlencoded"


class TokenError(Exception):
    """No token; carries the status and the error of RFC 6749 section 5.2."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        return {"error": self.error, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do, and until when (seconds since the epoch)."""

    scopes: frozenset[str]
    ends: float


class Tokens:
    """Issues and checks the tokens of one client; they live in memory, so that a restart ends them all."""

    def __init__(
        self, client_id: str, client_secret: str, *, seconds: int, scopes: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._client = (client_id, client_secret)
        self._seconds = seconds
        self._scopes = scopes
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def issue(self, content_type: str, authorization: str, content: bytes, read_form: Reader) -> dict[str, object]:
        """Answer POST /oauth/token. Raises TokenError."""
        form = _form(content_type, content, read_form)
        if not self._is_client(*_client(form, authorization)):
            raise TokenError(401, "invalid_client", "The client id or the client secret is wrong")
        wanted = frozenset((form.get("scope") or " ".join(self._scopes)).split())
        if not wanted or not wanted <= self._scopes:
            raise TokenError(400, "invalid_scope", f"This client's scopes are {' '.join(sorted(self._scopes))}")
        self._forget_ended()
        token = secrets.token_urlsafe(32)
        self._grants[token] = Grant(wanted, self._clock() + self._seconds)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self._seconds,
            "scope": " ".join(sorted(wanted)),
        }

    def check(self, authorization: str, scope: str) -> None:
        """Raise 401 unless the header carries a token that is good now, 403 if its scope is too small."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.get(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.ends <= self._clock():
            message = "The access token has expired" if grant else "The access token is missing or wrong"
            raise ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        if scope not in grant.scopes:
            raise ApiError(403, "forbidden", f"The access token lacks the scope '{scope}'")

    def _is_client(self, client_id: str, client_secret: str) -> bool:
        given = f"{client_id}\0{client_secret}".encode()
        return hmac.compare_digest(given, "\0".join(self._client).encode())

    def _forget_ended(self) -> None:
        now = self._clock()
        self._grants = {token: grant for token, grant in self._grants.items() if grant.ends > now}


def _form(content_type: str, content: bytes, read_form: Reader) -> Mapping[str, str]:
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise TokenError(400, "invalid_request", f"The body must be {FORM}")
    try:
        pairs = parse_qsl(content.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        raise TokenError(400, "invalid_request", "The body is not a form") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise TokenError(400, "invalid_request", "A parameter is given twice")
    form = dict(pairs)
    if form.get("grant_type") not in (None, "client_credentials"):
        raise TokenError(400, "unsupported_grant_type", "grant_type must be client_credentials")
    problems: Problems = {}
    found: Mapping[str, str] = read_form(form, "", problems)
    if problems:
        words = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        raise TokenError(400, "invalid_request", words)
    return found


def _client(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """Client id and secret from HTTP Basic or the form, not from both."""
    in_form = "client_id" in form or "client_secret" in form
    if not authorization.lower().startswith("basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    if in_form:
        raise TokenError(400, "invalid_request", "Client credentials are given twice")
    try:
        client_id, _, client_secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except ValueError:
        raise TokenError(401, "invalid_client", "The Authorization header is not HTTP Basic") from None
    return client_id, client_secret

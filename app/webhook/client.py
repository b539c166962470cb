"""Posts canonical events to a URL, signed as Standard Webhooks are. Implements EventReceiver."""

from __future__ import annotations

import base64
import binascii
import hmac
import random
from collections.abc import Callable, Mapping
from typing import Self

from app import exact_json
from app.connections import WebhookConnection
from app.http import BeforeMutation, HttpClient, Observe, Request, let_pass
from app.http_errors import by_status, plain
from streams.errors import Rejected
from streams.ports import NOWHERE, Clock, Failpoints, Pulse

_PREFIX = "whsec_"


class WebhookReceiver:
    """One receiver. It knows an event again by its ``webhook-id``, which a repeated one carries too."""

    def __init__(
        self,
        name: str,
        settings: WebhookConnection,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        observe: Observe | None = None,
        pulse: Pulse | None = None,
        failpoints: Failpoints = NOWHERE,
        before_mutation: BeforeMutation = let_pass,
    ) -> None:
        """Nothing is opened before the first request. Raises ValueError for a secret that cannot be read."""
        self.name = name
        self._url = settings.base_url
        self._key = _key(settings.secret.get_secret_value()) if settings.secret is not None else None
        self._clock = clock
        self._http = HttpClient(
            name,
            settings.http,
            clock,
            chance=chance,
            observe=observe,
            pulse=pulse,
            failpoints=failpoints,
            before_mutation=before_mutation,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection pool."""
        await self._http.close()

    async def post_event(self, event_id: str, subject: str, document: Mapping[str, object]) -> None:
        """See `EventReceiver.post_event`."""
        request = Request("post_event", subject, "POST", self._url, exact_json.dumps(document))

        async def signed(_request: Request) -> Mapping[str, str]:
            return self._headers(event_id, request.content or b"")

        answer = await self._http.send(request, signed)
        if not answer.good:
            raise by_status(answer, request, f"{self.name}: {subject}: answers {answer.status} '{plain(answer)}'.")

    def _headers(self, event_id: str, body: bytes) -> dict[str, str]:
        """Standard Webhooks 1.0: signed is ``<webhook-id>.<webhook-timestamp>.<body>``."""
        seconds = str(int(self._clock.now().timestamp()))
        headers = {"webhook-id": event_id, "webhook-timestamp": seconds}
        if self._key is None:
            return headers
        digest = hmac.digest(self._key, f"{event_id}.{seconds}.".encode() + body, "sha256")
        return headers | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _key(secret: str) -> bytes:
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise Rejected("a receiver's secret begins with whsec_ but is not base64 behind it") from None

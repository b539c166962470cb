"""One webhook request: read, verify, look at, publish, answer. Nothing is answered 202 before Kafka has it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson
import structlog
from aiohttp import hdrs, web
from pydantic import SecretStr

from app.connections import Connection, Webhooks
from app.gift_card_codes import LAST_FOUR, CodeMask
from app.ingress import cards
from app.ingress.receipt import ENTROPY_BYTES, Receipt, take
from app.ingress.refusals import Refusal, RefusalLog, Refused
from app.ingress.signature import Verdict, Verifier
from schemas.envelope import Via
from streams.errors import Rejected, Unavailable
from streams.metrics import Metrics
from streams.ports import Clock, Publisher
from streams.topics import RAW_ENTITIES

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the door takes.

    Attributes:
        body_bytes: largest body; more is 413. Below what one Kafka record may have.
        body_seconds: the longest that a sender may take to send it; longer is 408.
        requests: requests in work at the same time; more is 503.
        retry_after_seconds: what a 503 asks the sender to wait.
    """

    body_bytes: int = 512 * 1024
    body_seconds: float = 10.0
    requests: int = 2000
    retry_after_seconds: int = 2


@dataclass(frozen=True, slots=True)
class Sender:
    """A connection, as the door knows it."""

    connection: str
    system: str
    verifier: Verifier


def senders_of(
    connections: Mapping[str, Connection], registered: Mapping[str, tuple[SecretStr, ...]] | None = None
) -> dict[str, Sender]:
    """The senders that the settings name.

    Args:
        connections: of the settings.
        registered: secrets besides those of the settings, by connection.

    Raises:
        SecretUnreadable: a secret is none.
    """
    return {
        name: Sender(name, connection.system, Verifier.of(connection.webhooks, (registered or {}).get(name, ())))
        for name, connection in connections.items()
    }


class Address(NamedTuple):
    """What a request's path names: ``/webhooks/{connection}/{entity}``."""

    connection: str
    entity: str

    @classmethod
    def of(cls, path: str) -> Address:
        """Raises Refused for any other path."""
        match path.split("/"):
            case ["", "webhooks", connection, entity]:
                return cls(connection, entity)
            case _:
                raise Refused(Refusal.unknown_path())


class WebhookHandler:
    """Answers ``POST /webhooks/{connection}/{entity}``."""

    def __init__(
        self,
        senders: Mapping[str, Sender],
        publisher: Publisher,
        clock: Clock,
        metrics: Metrics,
        limits: Limits,
        entropy: Callable[[int], bytes] = os.urandom,
        *,
        codes: CodeMask = LAST_FOUR,
    ) -> None:
        self._senders = senders
        self._nobody = Sender("", "", Verifier.of(Webhooks()))
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._limits = limits
        self._entropy = entropy
        self._codes = codes
        self._refusals = RefusalLog(clock)
        self._requests = 0

    def trust(self, senders: Mapping[str, Sender]) -> None:
        """Take webhooks of these senders from now on."""
        self._senders = senders

    def unsigned(self) -> list[str]:
        """Connections without a secret: everything that comes in their name is refused."""
        return [name for name, sender in self._senders.items() if not sender.verifier.has_secret]

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Accept the webhook or say why not."""
        self._requests += 1
        try:
            receipt = await self._take(request)
            await self._publish(receipt)
        except Refused as refused:
            return self._refuse(request, refused.refusal)
        except Exception:
            log.exception("a webhook could not be taken: this is a defect of the door, please report it")
            return self._refuse(request, Refusal.broken())
        finally:
            self._requests -= 1
        envelope = receipt.envelope
        self._metrics.received(envelope.connection, envelope.entity, Via.WEBHOOK)
        return web.Response(
            status=202, body=b'{"receipt_id":"%b"}' % envelope.receipt_id.encode(), content_type="application/json"
        )

    async def _take(self, request: web.BaseRequest) -> Receipt:
        address = Address.of(request.path)
        if request.method != hdrs.METH_POST:
            raise Refused(Refusal.only_post())
        if self._requests > self._limits.requests:
            raise Refused(Refusal.busy())
        body = await self._body(request)
        now = self._clock.now().timestamp()
        sender = self._senders.get(address.connection, self._nobody)
        verdict = sender.verifier.check(request.headers, body, now)
        if verdict is not Verdict.RIGHT or sender is self._nobody:
            raise Refused(Refusal.unauthorised("unknown_connection" if sender is self._nobody else verdict.value))
        entity = address.entity
        if (sender.system, entity) not in RAW_ENTITIES:
            raise Refused(Refusal.unknown_entity(sender.system, entity))
        document = _document(body)
        if cards.may_carry_card_data(body):
            _refuse_card_data(document)
        return take(
            connection=sender.connection,
            system=sender.system,
            entity=entity,
            body=_without_codes(body, self._codes),
            document=document,
            via=Via.WEBHOOK,
            now_ms=int(now * 1000),
            entropy=self._entropy(ENTROPY_BYTES),
        )

    async def _body(self, request: web.BaseRequest) -> bytes:
        content_type = request.content_type
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise Refused(Refusal.not_json_type())
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refused(Refusal.encoded())
        try:
            if request.content.is_eof():  # it came with the head, as most do: nothing to wait for
                return await request.read()
            async with asyncio.timeout(self._limits.body_seconds):
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise Refused(Refusal.too_large(self._limits.body_bytes)) from None
        except TimeoutError:
            raise Refused(Refusal.too_slow(self._limits.body_seconds)) from None

    async def _publish(self, receipt: Receipt) -> None:
        try:
            await self._publisher.publish([receipt.record])
        except Unavailable as error:
            raise Refused(Refusal.unavailable(error)) from error
        except Rejected as error:
            raise Refused(Refusal.too_large_for_kafka(error)) from error

    def _refuse(self, request: web.BaseRequest, refusal: Refusal) -> web.Response:
        self._metrics.refused(refusal.status, refusal.reason)
        self._refusals.tell(refusal, path=request.path)
        response = web.Response(
            status=refusal.status,
            body=orjson.dumps({"error": refusal.error, "message": refusal.message}),
            content_type="application/json",
        )
        if refusal.status == Refusal.NOT_ALLOWED:
            response.headers[hdrs.ALLOW] = hdrs.METH_POST
        if refusal.status == Refusal.UNAVAILABLE:
            response.headers[hdrs.RETRY_AFTER] = str(self._limits.retry_after_seconds)
        return response


def _document(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(Refusal.not_json(str(error))) from None


def _without_codes(body: bytes, codes: CodeMask) -> bytes:
    try:
        return codes.body(body)
    except cards.NestedTooDeeply as error:
        raise Refused(Refusal.not_json(str(error))) from None


def _refuse_card_data(document: object) -> None:
    try:
        found = cards.card_data(document)
    except cards.NestedTooDeeply as error:
        raise Refused(Refusal.not_json(str(error))) from None
    if found is not None:
        raise Refused(Refusal.card_data(found))

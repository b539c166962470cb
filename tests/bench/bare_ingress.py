"""The loops that ingress is measured against, on aiohttp and aiokafka: one that does nothing else, and one that must.

``python -m tests.bench.bare_ingress BROKERS PORT TOPIC SECRET``. Like ingress: uvloop, ``acks=all``, an idempotent
producer, the same batch size, one record per request with a key, 202 only after the broker's answer.

``/bare/…`` checks no signature and no time, looks at no body, and gives the record no headers. ``/least/…`` does the
least that a door for signed webhooks must: it checks the signature and keys the record by the order's id. Neither has
limits, looks for card numbers, gives receipts, or keeps metrics and a log.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import sys

import orjson
import uvloop
from aiohttp import web
from aiokafka import AIOKafkaProducer

LINGER_MS = 2


async def serve(brokers: str, port: int, topic: str, secret: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, acks="all", enable_idempotence=True, linger_ms=LINGER_MS, max_batch_size=128 * 1024
    )
    await producer.start()

    async def bare(request: web.Request) -> web.Response:
        body = await request.read()
        await producer.send_and_wait(topic, body, key=request.headers["webhook-id"].encode())
        return web.Response(status=202, body=b"{}", content_type="application/json")

    async def least(request: web.Request) -> web.Response:
        body = await request.read()
        headers = request.headers
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
        if not hmac.compare_digest(expected, headers["webhook-signature"]):
            return web.Response(status=401)
        await producer.send_and_wait(topic, body, key=str(orjson.loads(body)["entity_id"]).encode())
        return web.Response(status=202, body=b"{}", content_type="application/json")

    app = web.Application()
    app.router.add_post("/bare/{connection}/{entity}", bare)
    app.router.add_post("/least/{connection}/{entity}", least)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4].encode()))

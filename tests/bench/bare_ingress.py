"""The loop that ingress is measured against: aiohttp takes a body, aiokafka sends it, and then it is answered.

``python -m tests.bench.bare_ingress BROKERS PORT TOPIC``. Like ingress: uvloop, ``acks=all``, an idempotent producer,
2 ms linger, the same batch size, one record per request with a key, 202 only after the broker's answer. Unlike it: no
signature, no time, no look at the body (no JSON, no id, no card numbers), no headers on the record, no limits, no
metrics, no log.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web
from aiokafka import AIOKafkaProducer


async def serve(brokers: str, port: int, topic: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, acks="all", enable_idempotence=True, linger_ms=2, max_batch_size=128 * 1024
    )
    await producer.start()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        await producer.send_and_wait(topic, body, key=request.headers["webhook-id"].encode())
        return web.Response(status=202, body=b"{}", content_type="application/json")

    app = web.Application()
    app.router.add_post("/webhooks/{connection}/{entity}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3]))

"""The one place where Faust is given our consumer and producer instead of its own."""

from __future__ import annotations

from faust.transport.drivers import aiokafka as driver

from streams.runtime.consumer import Consumer
from streams.runtime.producer import Producer


class Transport(driver.Transport):  # type: ignore[misc] # faust has no types for mypy
    """Faust's aiokafka transport, hardened."""

    Consumer = Consumer
    Producer = Producer

"""The ingress process with ``acks=1`` forced on its producer: what the proof with three brokers must catch."""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

import uvloop
from aiokafka import AIOKafkaProducer

from app import publisher
from app.logging import configure_logging
from tests.integration.ingress_process import main


class LeaderOnly(AIOKafkaProducer):  # type: ignore[misc] # aiokafka has no types for mypy
    """Takes the leader's word for it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"acks": 1, "enable_idempotence": False})


if __name__ == "__main__":
    configure_logging("WARNING")
    with patch.object(publisher, "AIOKafkaProducer", LeaderOnly):
        uvloop.run(main(*sys.argv[1:]))

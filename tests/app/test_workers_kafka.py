"""What a worker's settings say of its way with Kafka."""

from __future__ import annotations

import asyncio

import pytest

from app.clock import SystemClock
from app.health import Readiness
from app.parts import Parts
from app.settings import Settings
from app.settings.model import WorkerSettings
from app.workers import _kafka
from streams.metrics import Metrics


@pytest.mark.parametrize(("given", "wanted"), [("shop.till-normalize-0", "shop.till-normalize-0"), ("", None)])
def test_a_worker_joins_its_group_by_its_name_if_it_has_one(given: str, wanted: str | None) -> None:
    settings = Settings(worker=WorkerSettings(instance_id=given))
    parts = Parts(settings, "normalize", SystemClock(), Metrics(), Readiness(), asyncio.Event())
    assert _kafka(parts).instance_id == wanted

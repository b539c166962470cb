"""The demo from start to balance: set up, trade, drain, audit."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvloop
from rich.console import Console
from rich.live import Live

from app.demo import faults, programs
from app.demo.auditor import Books, audit
from app.demo.balance import StoreView
from app.demo.deeds import DeedsFile
from app.demo.door import Door
from app.demo.drain import accepted_receipts, in_flight, unsent_webhooks
from app.demo.options import DemoOptions
from app.demo.processes import Processes
from app.demo.programs import POS, WEB, Addresses
from app.demo.report import Report, percentiles
from app.demo.rest import Rest
from app.demo.screen import Scene, Screen
from app.demo.shop import Shop, goods_of
from app.demo.till import Till
from app.demo.watch import scrape, unready
from app.demo.web_store import WebStore
from app.kafka_admin import create_topics
from app.local.kafka import RunningKafka, start_kafka
from app.local.postgres import RunningPostgres, start_postgres
from app.local.process import end_orphans
from app.magento.client import MagentoClient
from app.sandbox.catalogue import catalogue, sellable
from app.settings import KafkaSettings
from app.store import migrate
from streams import groups
from streams.topics import TOPICS

READY_SECONDS = 60.0
DRAIN_SECONDS = 180.0
QUIET_SECONDS = 8.0
"""The pipe counts as empty when it has been empty this long: longer than a poll and the lists' lag together."""
PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}


class DemoFailed(Exception):
    """The demo could not be set up; the message says what and where to look."""

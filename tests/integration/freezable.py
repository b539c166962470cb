"""A broker of one's own, to be frozen and thawed. The shared one cannot be: other tests run on it."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from app.local import kafka_java, prerequisites
from app.local.process import ChildProcess


@dataclass(frozen=True, slots=True)
class FreezableBroker:
    bootstrap_servers: str
    process: ChildProcess

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within: the broker's sockets accept and nothing answers."""
        os.kill(self.process.popen.pid, signal.SIGSTOP)
        time.sleep(0.1)  # the kernel stops its threads one by one, and the last ones may still answer
        try:
            yield
        finally:
            os.kill(self.process.popen.pid, signal.SIGCONT)


def freezable_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreezableBroker]:
    """Body of a fixture; needs Java and Maven, because a broker elsewhere cannot be stopped by a signal."""
    java, maven = prerequisites.java_command(os.environ), shutil.which("mvn")
    if java is None or maven is None:
        pytest.skip("freezing a broker needs a local one: Java 17+ and Maven")
    jars = kafka_java.fetch_jars(maven, say=lambda _line: None)
    process, servers = kafka_java.start_broker(
        java, jars, tmp_path_factory.mktemp("freezable-kafka"), port=None, ready_seconds=60
    )
    yield FreezableBroker(servers, process)
    process.stop()

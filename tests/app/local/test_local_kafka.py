"""The broker that the demo and the tests start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from app.local import kafka_docker, kafka_java, prerequisites
from app.local.kafka import KafkaNotStarted, Way, choose, start_kafka
from app.local.process import ChildProcess, birth, end_orphan, end_orphans
from tests.kafka_broker import Topics

NO_DOCKER = False


def test_a_broker_that_is_given_comes_first() -> None:
    assert choose({"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}, java=17, maven=True, docker=lambda: True) is Way.GIVEN


def test_java_and_maven_come_before_docker_and_docker_is_not_asked() -> None:
    def asked() -> bool:
        raise AssertionError("docker was asked")

    assert choose({}, java=21, maven=True, docker=asked) is Way.JAVA


@pytest.mark.parametrize(("java", "maven"), [(None, True), (11, True), (17, False), (None, False)])
def test_docker_serves_where_java_or_maven_is_missing_or_old(java: int | None, maven: bool) -> None:
    assert choose({}, java=java, maven=maven, docker=lambda: True) is Way.DOCKER


def test_without_any_way_the_message_says_what_to_install() -> None:
    with pytest.raises(KafkaNotStarted, match="apt-get install maven"):
        choose({}, java=17, maven=False, docker=lambda: NO_DOCKER)


def test_the_containers_address_for_clients_is_the_port_on_this_machine() -> None:
    assert kafka_docker.environment(4711)["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:4711"


def test_the_container_is_of_the_version_that_maven_fetches() -> None:
    assert f"<version>{kafka_docker.VERSION}</version>" in kafka_java.POM.read_text()


async def test_a_record_comes_back(kafka_bootstrap: str, kafka_topics: Topics) -> None:
    topic = await kafka_topics.create("echo", partitions=2)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(topic, b"value", key=b"key", partition=1)
    await producer.stop()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign([TopicPartition(topic, 1)])
    record = await consumer.getone()
    await consumer.stop()
    assert (record.key, record.value) == (b"key", b"value")


@pytest.mark.kafka
def test_a_second_start_keeps_the_data_and_ends_what_the_first_left(tmp_path: Path) -> None:
    first = start_kafka(tmp_path, say=lambda _: None)
    assert first.version.startswith("4.3.1")
    left = (tmp_path / "kafka.pid").read_text()
    second = start_kafka(tmp_path, say=lambda _: None)
    assert (tmp_path / "kafka.pid").read_text() != left
    second.stop()
    first.stop()
    assert not list(tmp_path.glob("*.pid"))


@pytest.mark.kafka
def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    java, maven = prerequisites.java_command(os.environ), shutil.which("mvn")
    assert java is not None
    assert maven is not None
    libs = kafka_java.fetch_jars(maven, say=lambda _: None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=x\n")
    with pytest.raises(KafkaNotStarted, match=r"node\.id|node id|nodeId"):
        kafka_java.start_broker(java, libs, tmp_path, port=None, ready_seconds=30)


def test_maven_failing_is_told_with_its_own_words(tmp_path: Path) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho 'Could not resolve kafka_2.13'; exit 1\n")
    maven.chmod(0o755)
    with pytest.raises(KafkaNotStarted, match=r"Could not resolve kafka_2\.13"):
        kafka_java.fetch_jars(str(maven), libs=tmp_path / "libs", say=lambda _: None)


def test_jars_are_fetched_once_per_pom(tmp_path: Path) -> None:
    maven = tmp_path / "mvn"
    maven.write_text(f'#!/bin/sh\nmkdir -p {tmp_path}/libs; echo "$0" >>{tmp_path}/calls\n')
    maven.chmod(0o755)
    pom = tmp_path / "pom.xml"
    for text in ("<one/>", "<one/>", "<two/>"):
        pom.write_text(text)
        kafka_java.fetch_jars(str(maven), libs=tmp_path / "libs", pom=pom, say=lambda _: None)
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_stopping_a_child_ends_what_it_started(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/grandchild; trap '' TERM; echo ready; wait; sleep 60"
    child = ChildProcess.start(["sh", "-c", script], log=tmp_path / "log", pid_file=tmp_path / "a.pid")
    _until(lambda: "ready" in (tmp_path / "log").read_text())
    grandchild = int((tmp_path / "grandchild").read_text())
    child.stop(grace_seconds=0.2)
    _until(lambda: not birth(grandchild))
    assert child.exit_code is not None


def test_an_orphan_is_ended_by_its_pid_file(tmp_path: Path) -> None:
    child = ChildProcess.start(["sleep", "60"], log=tmp_path / "log", pid_file=tmp_path / "deep" / "a.pid")
    assert end_orphans(tmp_path) == 1
    assert child.popen.wait() != 0
    assert end_orphans(tmp_path) == 0


def test_a_pid_that_another_process_has_now_is_left_alone(tmp_path: Path) -> None:
    child = ChildProcess.start(["sleep", "60"], log=tmp_path / "log", pid_file=tmp_path / "a.pid")
    (tmp_path / "b.pid").write_text(f'{{"pid": {child.popen.pid}, "birth": "another day"}}')
    assert not end_orphan(tmp_path / "b.pid")
    assert child.exit_code is None
    child.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_killed_starter_takes_its_child_along(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from app.local.process import ChildProcess\n"
        "p = Path(sys.argv[1])\n"
        "c = ChildProcess.start(['sleep', '60'], log=p / 'log', pid_file=p / 'a.pid')\n"
        "(p / 'child').write_text(str(c.popen.pid)); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=kafka_java.ROOT)
    _until(lambda: (tmp_path / "child").is_file() and (tmp_path / "child").read_text() != "")
    child = int((tmp_path / "child").read_text())
    assert birth(child)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    _until(lambda: not birth(child))


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)

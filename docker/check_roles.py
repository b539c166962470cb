"""Starts every role from an image beside a real Kafka and a real PostgreSQL, and ends each by SIGTERM.

``python docker/check_roles.py IMAGE``, from the checkout's environment; docker/image-check.sh calls it. Every process
runs as docker/in-image.sh runs it: as the image's user, with a read-only root. Each must become ready, its health check
must agree, and it must end with 0 within the time that both compose files grant.
"""

from __future__ import annotations

import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.local.kafka import start_kafka
from app.local.ports import free_ports
from app.local.postgres import start_postgres

HERE = Path(__file__).parent
READY_SECONDS = 120.0
"""How long all roles together may take: on two busy cores a worker takes ten seconds."""
GRACE_SECONDS = 45.0
"""As ``stop_grace_period`` in both compose files; then Docker kills."""
ROLES = {
    "ingress": ("ingress",),
    "poll": ("poll",),
    "normalize": ("worker", "normalize"),
    "inventory": ("worker", "inventory"),
    "deliver-web": ("worker", "deliver", "--target", "web"),
    "deliver-pos": ("worker", "deliver", "--target", "pos"),
}
NOTHING_TO_WRITE_ON = """
import errno, os, pathlib
assert os.getuid() == 10001, os.getuid()
pathlib.Path("/tmp/written").write_text("here alone")
for place in ("/written", "/opt/tillstream/written", os.path.join(os.getcwd(), "written")):
    try:
        pathlib.Path(place).write_text("")
    except OSError as error:
        assert error.errno in (errno.EROFS, errno.EACCES), error
    else:
        raise AssertionError(place + " can be written")
"""


class Misbehaved(Exception):
    """What a role did; its log is told with it."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process out of the image.

    Attributes:
        name: of the role or the sandbox.
        port: where it tells how it is.
        process: it.
        log: what it wrote.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ended_too_early(self) -> bool:
        """Whether it is gone."""
        return self.process.poll() is not None


class Image:
    """Runs commands in one image."""

    def __init__(self, image: str, logs: Path) -> None:
        self._image = image
        self._logs = logs

    def command(self, environment: dict[str, str], *command: str) -> list[str]:
        """The command line for it."""
        settings = [f"{name}={value}" for name, value in environment.items()]
        return [str(HERE / "in-image.sh"), self._image, *settings, "--", *command]

    def run(self, environment: dict[str, str], *command: str) -> None:
        """Run to the end. Raises Misbehaved unless that is 0."""
        done = subprocess.run(self.command(environment, *command), capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise Misbehaved(f"{command} ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-3000:]}")

    def start(self, name: str, port: int, environment: dict[str, str], *command: str) -> Started:
        """Start, and leave it running."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(self.command(environment, *command), stdout=output, stderr=output)  # noqa: S603
        return Started(name, port, process, log)


def main(image_name: str) -> int:
    """Exit code 0 if every role behaved."""
    with tempfile.TemporaryDirectory() as directory:
        kafka = start_kafka(Path(directory, "kafka"), say=tell)
        postgres = start_postgres(Path(directory, "postgres"))
        started: list[Started] = []
        try:
            check(Image(image_name, Path(directory)), settings_of(kafka.bootstrap_servers, postgres.url), started)
        except Misbehaved as problem:
            sys.stderr.write(f"FAILED: {problem}\n")
            return 1
        finally:
            for one in started:
                one.process.kill()
            postgres.stop()
            kafka.stop()
    return 0


def check(image: Image, settings: dict[str, str], started: list[Started]) -> None:
    """Start all, wait until each is ready, end all. Raises Misbehaved."""
    image.run({}, "python", "-c", NOTHING_TO_WRITE_ON)
    image.run(settings, "tillstream", "topics", "create")
    started += [sandbox(image, settings, "magento", "web"), sandbox(image, settings, "heartland", "pos")]
    for one in started:
        wait(one, listening, "does not listen")
    ports = free_ports(len(ROLES))
    roles = [
        image.start(name, port, {**settings, "TILLSTREAM_STATUS__PORT": str(port)}, "tillstream", *command)
        for (name, command), port in zip(ROLES.items(), ports, strict=True)
    ]
    started += roles
    for role in roles:
        wait(role, ready, "is not ready")
    image.run({"TILLSTREAM_STATUS__PORT": str(roles[0].port)}, *health_check())
    drain(started)


def settings_of(kafka: str, postgres: str) -> dict[str, str]:
    """What docker/compose.yaml sets, with ports and secrets of this run."""
    door, web, pos = free_ports(3)
    return {
        "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS": kafka,
        "TILLSTREAM_KAFKA__REPLICATION_FACTOR": "1",
        "TILLSTREAM_KAFKA__MIN_INSYNC_REPLICAS": "1",
        "TILLSTREAM_STORE__URL": postgres,
        "TILLSTREAM_INGRESS__PORT": str(door),
        "TILLSTREAM_CONNECTIONS__WEB__SYSTEM": "magento",
        "TILLSTREAM_CONNECTIONS__WEB__BASE_URL": f"http://127.0.0.1:{web}",
        "TILLSTREAM_CONNECTIONS__WEB__BEARER_TOKEN": secrets.token_hex(16),
        "TILLSTREAM_CONNECTIONS__POS__SYSTEM": "heartland",
        "TILLSTREAM_CONNECTIONS__POS__BASE_URL": f"http://127.0.0.1:{pos}",
        "TILLSTREAM_CONNECTIONS__POS__CLIENT_ID": "tillstream",
        "TILLSTREAM_CONNECTIONS__POS__CLIENT_SECRET": secrets.token_hex(16),
        "TILLSTREAM_CHANNELS__MAIN__WEB": "web",
        "TILLSTREAM_CHANNELS__MAIN__POS": "pos",
        "TILLSTREAM_CHANNELS__MAIN__PREFIX": "W-",
        "TILLSTREAM_CHANNELS__MAIN__LOCATION": "MAIN",
        "TILLSTREAM_CHANNELS__MAIN__SOURCES": '{"MAIN": "main", "STORE2": "store2"}',
    }


def sandbox(image: Image, settings: dict[str, str], system: str, connection: str) -> Started:
    """A stand-in, opened by the secrets that the roles use."""
    own = f"TILLSTREAM_CONNECTIONS__{connection.upper()}__"
    port = int(settings[f"{own}BASE_URL"].rpartition(":")[2])
    opened_by = {
        name.lower(): settings[own + name]
        for name in ("BEARER_TOKEN", "CLIENT_ID", "CLIENT_SECRET")
        if own + name in settings
    }
    options = ("--port", str(port), "--database", f"/tmp/{system}.sqlite", "--skus", "100")  # noqa: S108 - in the image
    environment = {"SANDBOX_CREDENTIALS": json.dumps(opened_by)}
    return image.start(system, port, environment, "tillstream", "sandbox", system, *options)


def health_check() -> list[str]:
    """The image's own, as docker/Dockerfile has it."""
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", (HERE / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    if found is None:
        raise Misbehaved("docker/Dockerfile has no HEALTHCHECK in exec form")
    return [str(word) for word in json.loads(found[1])]


def listening(port: int) -> bool:
    """Whether anything listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def ready(port: int) -> bool:
    """Whether the role says so."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.HTTPError, OSError):
        return False


def wait(one: Started, is_so: Callable[[int], bool], otherwise: str) -> None:
    """Until it is so. Raises Misbehaved."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_so(one.port):
        if one.ended_too_early() or time.monotonic() > deadline:
            raise Misbehaved(f"{one.name} {otherwise}; its log:\n{one.log.read_text()[-3000:]}")
        time.sleep(0.2)
    tell(f"  {one.name}: up")


def drain(started: list[Started]) -> None:
    """SIGTERM to all at once. Raises Misbehaved."""
    begin = time.monotonic()
    for one in started:
        one.process.send_signal(signal.SIGTERM)
    for one in started:
        try:
            code = one.process.wait(max(0.1, begin + GRACE_SECONDS - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Misbehaved(f"{one.name} still runs {GRACE_SECONDS:g} s after SIGTERM") from None
        if code:
            raise Misbehaved(f"{one.name} ended with {code} after SIGTERM; its log:\n{one.log.read_text()[-3000:]}")
    tell(f"all {len(started)} ended with 0, {time.monotonic() - begin:.1f} s after SIGTERM")


def tell(line: str) -> None:
    """To whoever waits."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

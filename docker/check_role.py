"""Runs inside the image: starts ``tillstream ingress`` without any Kafka and looks at how it behaves.

It must live, say on /readyz that Kafka is what it lacks, refuse a webhook of nobody, and end in order on SIGTERM.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request


def free_port() -> int:
    """A port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and body, 0 while nothing listens."""
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own process
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()
    except OSError:
        return 0, ""


def main() -> int:
    """Exit code 0 if it behaved."""
    door, status = free_port(), free_port()
    environ = os.environ | {
        "TILLSTREAM_INGRESS__PORT": str(door),
        "TILLSTREAM_STATUS__PORT": str(status),
        "TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
    }
    role = subprocess.Popen(["tillstream", "ingress"], env=environ, stderr=subprocess.PIPE, text=True)  # noqa: S607
    deadline = time.monotonic() + 30
    ready, webhook = (0, ""), (0, "")
    while not (ready[0] and webhook[0]) and role.poll() is None and time.monotonic() < deadline:
        ready, webhook = (
            ask(f"http://127.0.0.1:{status}/readyz"),
            ask(f"http://127.0.0.1:{door}/webhooks/web/order", b"{}"),
        )
        time.sleep(0.2)
    role.terminate()
    _, log = role.communicate(timeout=30)
    reasons = json.loads(ready[1] or "{}").get("reasons", {})
    if ready[0] != 503 or "kafka" not in reasons or webhook[0] not in {401, 404} or role.returncode != 0:  # noqa: PLR2004
        sys.stderr.write(f"readyz {ready}, webhook {webhook}, exit code {role.returncode}, log:\n{log[-3000:]}\n")
        return 1
    sys.stdout.write(f"ingress without Kafka: not ready, because {reasons['kafka']}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The API server of the cluster test, through kubectl and Helm."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.local.ports import free_ports
from tests.helm.binary import program
from tests.helm.chart import Object

SCRIPT = Path(__file__).with_name("kubernetes_api.sh")
BUILT = Path(__file__).parents[3] / ".tillstream" / "kubernetes"
CRDS = Path(__file__).parents[1] / "crds"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running API server."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What kubectl answers. Raises CalledProcessError."""
        return self._run("kubectl", arguments, given)

    def helm(self, *arguments: str) -> str:
        """What Helm answers. Raises CalledProcessError."""
        return self._run("helm", arguments, None)

    def _run(self, name: str, arguments: tuple[str, ...], given: str | None) -> str:
        environ = os.environ | {"KUBECONFIG": str(self.kubeconfig)}
        done = subprocess.run(
            [program(name), *arguments], input=given, capture_output=True, text=True, check=False, env=environ
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, [name, *arguments], done.stdout, done.stderr)
        return done.stdout

    def objects(self, kinds: str, namespace: str) -> list[Object]:
        """All objects of some kinds, joined by commas."""
        return list(json.loads(self.kubectl("get", kinds, "-n", namespace, "-o", "json"))["items"])


@contextmanager
def started() -> Iterator[Cluster]:
    """An empty API server that knows the operators' definitions."""
    api, etcd = free_ports(2)
    environ = os.environ | {"API_PORT": str(api), "ETCD_PORT": str(etcd)}
    try:
        subprocess.run([str(SCRIPT), "up", str(BUILT)], check=True, env=environ)
        cluster = Cluster(BUILT / "kubeconfig")
        cluster.kubectl("apply", "--server-side", "-f", str(CRDS))
        cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(CRDS))
        yield cluster
    finally:
        subprocess.run([str(SCRIPT), "down", str(BUILT)], check=True)

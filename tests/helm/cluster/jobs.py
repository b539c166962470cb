"""Ends Jobs in the place of nodes, which are not there, and notes what each found when it would have started."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.helm.chart import Object
from tests.helm.cluster.api import Cluster

LOOK_SECONDS = 0.3


@dataclass(slots=True)
class Jobs:
    """What ran.

    Attributes:
        ran: arguments of each Job that was ended, in order.
        missing: what a Job's pod would have waited for in vain.
        fail: arguments of a Job that fails.
    """

    cluster: Cluster
    namespace: str
    ran: list[list[str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fail: list[str] | None = None
    error: Exception | None = None

    def look(self) -> None:
        """End each Job that is new."""
        for job in self.cluster.objects("jobs", self.namespace):
            if not job.get("status", {}).get("conditions"):
                self._end(job)

    def _end(self, job: Object) -> None:
        spec = job["spec"]["template"]["spec"]
        arguments = spec["containers"][0]["args"]
        self.missing += [one for one in _needs(spec) if not self._is_there(*one.split("/", 1))]
        self.ran.append(arguments)
        status = json.dumps({"status": _status(failed=arguments == self.fail)})
        name = job["metadata"]["name"]
        try:
            self.cluster.kubectl(
                *("patch", "job", name, "-n", self.namespace, "--subresource=status", "--type=merge", "-p", status)
            )
        except subprocess.CalledProcessError as error:
            if "NotFound" not in error.stderr:
                raise

    def _is_there(self, kind: str, name: str) -> bool:
        """A Secret counts as there when an ExternalSecret promises it: its operator does not run here."""
        found = {one["metadata"]["name"] for one in self.cluster.objects(kind, self.namespace)}
        if kind == "secrets":
            external = self.cluster.objects("externalsecrets", self.namespace)
            found |= {one["spec"]["target"]["name"] for one in external}
        return name in found


def _needs(spec: Object) -> Iterator[str]:
    for volume in spec["volumes"]:
        if "configMap" in volume:
            yield f"configmaps/{volume['configMap']['name']}"
        if "secret" in volume:
            yield f"secrets/{volume['secret']['secretName']}"
    if spec["serviceAccountName"] != "default":
        yield f"serviceaccounts/{spec['serviceAccountName']}"


def _status(*, failed: bool) -> Object:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    kinds = ("FailureTarget", "Failed") if failed else ("SuccessCriteriaMet", "Complete")
    conditions = [{"type": one, "status": "True", "lastTransitionTime": now, "reason": "Test"} for one in kinds]
    ended = {"failed": 1} if failed else {"succeeded": 1, "completionTime": now}
    return {"startTime": now, "conditions": conditions} | ended


@contextmanager
def ending_jobs(cluster: Cluster, namespace: str, *, fail: list[str] | None = None) -> Iterator[Jobs]:
    """Jobs of the namespace end while this lasts."""
    jobs, over = Jobs(cluster, namespace, fail=fail), threading.Event()

    def keep_looking() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                jobs.look()
            except Exception as error:  # noqa: BLE001 - told by the test
                jobs.error = error
                return

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        yield jobs
    finally:
        over.set()
        thread.join()
    if jobs.error is not None:
        raise jobs.error

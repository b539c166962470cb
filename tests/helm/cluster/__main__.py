"""``make cluster-test``: each case of values is installed, paused, upgraded, rolled back and uninstalled.

One upgrade of each fails. On a real API server (`kubernetes_api.sh`) with the definitions of the operators, but without
nodes and operators: what is proven is that everything is taken, in the right order, goes on and goes away; not that a
pod runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.helm.chart import CHART, MATRIX, NAMESPACE, RELEASE, Object, Rendered, rendered, set_otherwise, values_of
from tests.helm.cluster.api import Cluster, started
from tests.helm.cluster.jobs import ending_jobs

KINDS = (
    "configmaps,services,serviceaccounts,deployments.apps,statefulsets.apps,cronjobs.batch,jobs.batch,"
    "horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy,networkpolicies.networking.k8s.io,"
    "ingresses.networking.k8s.io,scaledobjects.keda.sh,podmonitors.monitoring.coreos.com,"
    "servicemonitors.monitoring.coreos.com,prometheusrules.monitoring.coreos.com,externalsecrets.external-secrets.io,"
    "httproutes.gateway.networking.k8s.io"
)
CHANGES: Mapping[str, Sequence[str]] = {
    "managed": ("settings.worker.lanes=8", "roles.normalize.replicas=3", "checks.stock.suspend=true"),
    "several": ("deliverTo.crm.replicas=2", "settings.flows.order.mode=live", "autoscaling.workers.enabled=false"),
    "shared": ("autoscaling.workers.lagFrom=prometheus", "autoscaling.workers.maxReplicas=4"),
    "strimzi": ("settings.connections.web.budget.requests_per_second=5", "networkPolicy.enabled=false"),
    "openshift": ("hooks.migrate=true", "hooks.topics=true", "podDisruptionBudget.enabled=true"),
}
"""What an upgrade changes."""
PAUSED = ("paused=all",)
LEFT_BY_A_FAILED_HOOK = (
    "delete",
    "jobs,pods,configmaps,networkpolicies,externalsecrets",
    *("-l", "app.kubernetes.io/component=hook"),
)
"""The Job stays, so that its log can be read; with Helm 3 also what it used. As the README says it."""
HOOKS = [["store", "migrate"], ["topics", "create"]]


class Wrong(AssertionError):
    """The cluster is not as it should be."""


def main() -> int:
    """Exit code 0 if every case went well."""
    begun = time.monotonic()
    with started() as cluster:
        say(f"the API server is up after {time.monotonic() - begun:.0f} s")
        for case in MATRIX:
            start = time.monotonic()
            try:
                life_of(cluster, case)
            except (Wrong, subprocess.CalledProcessError) as error:
                told = error.stderr if isinstance(error, subprocess.CalledProcessError) else error
                say(f"{case}: {told}")
                return 1
            say(f"{case}: good, in {time.monotonic() - start:.0f} s")
    return 0


def life_of(cluster: Cluster, case: str) -> None:
    """One case from its install to its end, in a namespace of its own."""
    cluster.kubectl("create", "namespace", case)
    for name in ("tillstream", "tillstream-shop", "shop-cluster-ca-cert"):
        cluster.kubectl("create", "secret", "generic", name, "-n", case)
    first = HOOKS if case != "openshift" else []
    with ending_jobs(cluster, case) as jobs:
        cluster.helm("install", *release(case), "--timeout", "120s")
    expect("hooks of the install", jobs.ran, first)
    expect("what hooks missed", jobs.missing, [])
    installed = compare(cluster, case, ())
    say(f"{case}: installed, {installed} objects")
    pause(cluster, case)

    with ending_jobs(cluster, case) as jobs:
        cluster.helm("upgrade", *release(case), "--timeout", "120s", *set_otherwise(CHANGES[case]))
    expect("hooks of the upgrade", jobs.ran, HOOKS)
    expect("what hooks missed", jobs.missing, [])
    say(f"{case}: upgraded, {compare(cluster, case, CHANGES[case])} objects")
    expect("still without a replica after the pause", standing(cluster, case), [])

    before = generations(cluster, case)
    with ending_jobs(cluster, case, fail=["topics", "create"]) as jobs:
        upgrade_fails(cluster, case)
    expect("what a failed hook touched", generations(cluster, case), before)
    cluster.kubectl(*LEFT_BY_A_FAILED_HOOK, "-n", case)
    say(f"{case}: a failed hook ended the upgrade, and nothing that runs was touched")

    with ending_jobs(cluster, case):
        cluster.helm("rollback", RELEASE, "1", "-n", case, "--timeout", "120s")
    expect("objects after the rollback", compare(cluster, case, ()), installed)
    cluster.helm("uninstall", RELEASE, "-n", case, "--timeout", "120s")
    expect("left after the uninstall", sorted(map(key, remaining(cluster, case))), [])
    say(f"{case}: rolled back, uninstalled")


def pause(cluster: Cluster, case: str) -> None:
    """Everything stops, as a restore needs it, without a hook."""
    with ending_jobs(cluster, case) as jobs:
        cluster.helm("upgrade", *release(case), "--timeout", "120s", *set_otherwise(PAUSED))
    expect("hooks of the pause", jobs.ran, [])
    compare(cluster, case, PAUSED)
    expect("what stands still", len(standing(cluster, case)), len(rendered(case).workloads()))
    say(f"{case}: paused")


def standing(cluster: Cluster, case: str) -> list[str]:
    """What has no replica."""
    return [key(one) for one in cluster.objects("deployments,statefulsets", case) if not one["spec"]["replicas"]]


def upgrade_fails(cluster: Cluster, case: str) -> None:
    """An upgrade whose Job fails."""
    sets = (*CHANGES[case], "settings.polling.page_size=50", "roles.poll.replicas=3")
    try:
        cluster.helm("upgrade", *release(case), "--timeout", "60s", *set_otherwise(sets))
    except subprocess.CalledProcessError as error:
        if "pre-upgrade" in error.stderr:
            return
        raise
    raise Wrong("an upgrade went on although its Job had failed")


def compare(cluster: Cluster, case: str, sets: Sequence[str]) -> int:
    """Hold what is in the cluster against what Helm renders. Returns how many objects there are."""
    wanted = {key(one): one for one in in_namespace(rendered(case, *sets), case)}
    found = {key(one): one for one in remaining(cluster, case)}
    expect("objects", sorted(found), sorted(wanted))
    for name, one in wanted.items():
        for part in ("spec", "data"):
            lost = differences(one.get(part), found[name].get(part), f"{name} {part}")
            expect("changed by the API server", lost, [])
    return len(found)


def in_namespace(release_: Rendered, namespace: str) -> list[Object]:
    """What a release leaves behind its hooks, as it is in that namespace."""
    text = json.dumps([one for one in release_.objects if "helm.sh/hook" not in one["metadata"].get("annotations", {})])
    return list(json.loads(text.replace(f'namespace=\\"{NAMESPACE}\\"', f'namespace=\\"{namespace}\\"')))


def differences(wanted: Any, found: Any, at: str) -> list[str]:
    """Where something wanted is not there; what the server adds is its own."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [line for name, one in wanted.items() for line in differences(one, found.get(name), f"{at}.{name}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(wanted, found, strict=True))
        return [line for place, (one, other) in pairs for line in differences(one, other, f"{at}.{place}")]
    same = wanted == found or (not wanted and not found) or quantity(wanted) == quantity(found)
    return [] if same else [f"{at}: {wanted!r} became {found!r}"]


def quantity(value: Any) -> str:
    """Durations and quantities may be written in several ways."""
    return str(value).removesuffix("m0s")


def remaining(cluster: Cluster, namespace: str) -> list[Object]:
    """What is in the namespace, but for what every namespace has."""
    everything = cluster.objects(KINDS, namespace)
    return [one for one in everything if one["metadata"]["name"] not in {"kube-root-ca.crt", "default"}]


def generations(cluster: Cluster, namespace: str) -> dict[str, int]:
    """Of what runs: a change counts it up."""
    found = cluster.objects("deployments,statefulsets,cronjobs", namespace)
    return {key(one): one["metadata"]["generation"] for one in found}


def key(one: Object) -> str:
    """Kind and name."""
    return f"{one['kind']} {one['metadata']['name']}"


def release(case: str) -> list[str]:
    """Helm's arguments for a case."""
    return [RELEASE, str(CHART), "-n", case, "-f", values_of(case)]


def expect(what: str, found: object, wanted: object) -> None:
    """Raises Wrong if they differ."""
    if found != wanted:
        raise Wrong(f"{what}: found {found}, wanted {wanted}")


def say(text: str) -> None:
    """Tell at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

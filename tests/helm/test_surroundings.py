"""What stands around the pods: who reaches them, how many there are, who watches them."""

from __future__ import annotations

import json
import math
import re

import pytest
import yaml

from streams import groups
from streams.metrics import document
from streams.names import KafkaNames
from streams.topics import PARTITIONS
from tests.helm.chart import CHART, MATRIX, NAMESPACE, RELEASE, Object, Rendered, helm, rendered, values_of

SYSTEMS = {
    "north-web": "magento",
    "north-pos": "heartland",
    "south-web": "magento",
    "south-pos": "heartland",
    "crm": "webhook",
}


def selected(release: Rendered, selector: dict[str, str]) -> set[str]:
    return {name for name, template in release.pods() if selector.items() <= template["metadata"]["labels"].items()}


def roles(release: Rendered) -> set[str]:
    return {one["metadata"]["name"] for one in release.workloads()}


@pytest.mark.parametrize("case", MATRIX)
def test_each_selector_selects_its_own_pods_alone(case: str) -> None:
    release = rendered(case)
    for one in release.workloads():
        assert selected(release, one["spec"]["selector"]["matchLabels"]) == {one["metadata"]["name"]}
    (door,) = (one for one in release.of("Service") if one["spec"].get("clusterIP") != "None")
    assert selected(release, door["spec"]["selector"]) == {f"{door['metadata']['name']}-ingress"}


def test_an_eviction_takes_one_pod_of_a_role_at_a_time() -> None:
    release = rendered("managed")
    budgets = release.of("PodDisruptionBudget")
    covered = [selected(release, one["spec"]["selector"]["matchLabels"]) for one in budgets]
    assert set().union(*covered) == roles(release)
    assert {one["spec"]["maxUnavailable"] for one in budgets} == {1}
    assert rendered("openshift").of("PodDisruptionBudget") == []


def test_replicas_are_spread_over_zones_and_nodes() -> None:
    for one in rendered("managed").workloads():
        constraints = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {c["topologyKey"] for c in constraints} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        assert all(c["labelSelector"]["matchLabels"] == one["spec"]["selector"]["matchLabels"] for c in constraints)


# -- the network ---------------------------------------------------------------------------------------------------


def ports(rules: list[Object]) -> list[list[int | str]]:
    return [sorted({one["port"] for one in rule["ports"]}, key=str) for rule in rules]


def test_pods_reach_what_they_need_and_nothing_else() -> None:
    policy = rendered("several").the("NetworkPolicy", "till-tillstream")
    assert ports(policy["spec"]["egress"]) == [[53, 5353], [9096], [5432], [443, 8443]]
    assert ports(policy["spec"]["ingress"]) == [["status"], ["door"]]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert selected(rendered("several"), policy["spec"]["podSelector"]["matchLabels"]) >= roles(rendered("several"))


def test_the_door_and_the_metrics_may_be_kept_for_some() -> None:
    status, door = rendered("managed").the("NetworkPolicy", "till-tillstream")["spec"]["ingress"]
    assert str(status["from"]).count("monitoring") == str(door["from"]).count("ingress-nginx") == 1


def test_jobs_before_the_install_reach_kafka_and_the_store_and_are_reached_by_nobody() -> None:
    policy = rendered("strimzi").the("NetworkPolicy", "till-tillstream-hook")["spec"]
    assert "ingress" not in policy
    assert [9093] in ports(policy["egress"])
    assert policy["egress"][1]["to"]


def test_webhooks_alone_are_let_in_and_only_by_tls() -> None:
    ingress = rendered("managed").of("Ingress")[0]["spec"]
    assert [path["path"] for path in ingress["rules"][0]["http"]["paths"]] == ["/webhooks"]
    assert ingress["tls"] == [{"hosts": ["till.example"], "secretName": "till-example-tls"}]
    route = rendered("several").of("HTTPRoute")[0]["spec"]
    assert route["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/webhooks"}}]
    assert route["parentRefs"] == [{"name": "public", "namespace": "gateways", "sectionName": "https"}]


# -- how many ------------------------------------------------------------------------------------------------------


def triggers(scaled: Object) -> dict[str, Object]:
    return {one["name"]: one for one in scaled["spec"]["triggers"]}


def asked_for(scaled: Object, **read: int) -> int:
    """Pods that the autoscaler asks for: by KEDA's formula, then as Kubernetes divides an AverageValue."""
    modifiers = scaled["spec"]["advanced"]["scalingModifiers"]
    when, then, otherwise = re.fullmatch(r"(.*) \? (.*) : (.*)", modifiers["formula"]).groups()  # type: ignore[union-attr]
    value = int(eval(then if eval(when, {}, read) else otherwise, {}, read))  # noqa: S307 - our own formula
    assert modifiers["metricType"] == "AverageValue"
    return math.ceil(value / int(modifiers["target"]))


def test_workers_follow_lag_but_not_while_a_system_is_down() -> None:
    scaled = rendered("several").the("ScaledObject", "till-tillstream-deliver-north-web")
    assert asked_for(scaled, lag=2600, breaker=0, replicas=2) == 6
    for state in (1, 2, 3):
        assert asked_for(scaled, lag=900_000, breaker=state, replicas=3) == 3
    assert scaled["spec"]["fallback"]["behavior"] == "currentReplicas"


def test_each_worker_is_scaled_by_its_own_lag_and_breaker() -> None:
    release = rendered("several")
    assert {one["spec"]["scaleTargetRef"]["name"] for one in release.of("ScaledObject")} == {
        one["metadata"]["name"] for one in release.of("StatefulSet")
    }
    assert all("replicas" not in one["spec"] for one in release.of("StatefulSet"))
    for one in release.of("ScaledObject"):
        role = one["metadata"]["name"].removeprefix("till-tillstream-")
        queries = {name: trigger["metadata"]["query"] for name, trigger in triggers(one).items()}
        own = f'job="tillstream",namespace="shop",role="{role}"'
        assert queries["lag"] == f"sum(tillstream_lag_records{{{own}}})"
        assert queries["replicas"] == f"count(up{{{own}}})"
        assert queries["breaker"].startswith("max(tillstream_breaker_state{")
        assert (own in queries["breaker"]) == (role != "normalize")
        assert one["spec"]["maxReplicaCount"] <= PARTITIONS


def test_what_is_asked_of_prometheus_is_told_by_the_workers() -> None:
    known = {one.name for one in document()}
    for one in rendered("several").of("ScaledObject"):
        assert set(re.findall(r"tillstream_\w+", str(triggers(one)))) <= known


def test_keda_may_ask_kafka_for_the_lag_of_the_group() -> None:
    release = rendered(
        "several", "autoscaling.workers.lagFrom=kafka", "autoscaling.workers.kafka.triggerAuthentication=kafka"
    )
    found = {triggers(one)["lag"]["metadata"]["consumerGroup"] for one in release.of("ScaledObject")}
    assert found == set(groups.consumed(SYSTEMS))
    assert {triggers(one)["lag"]["authenticationRef"]["name"] for one in release.of("ScaledObject")} == {"kafka"}


def test_keda_asks_for_the_lag_of_the_installations_own_groups() -> None:
    """Of several on one Kafka, by what Kafka calls their groups."""
    found = {triggers(one)["lag"]["metadata"]["consumerGroup"] for one in rendered("shared").of("ScaledObject")}
    assert found == set(map(KafkaNames("shop-a.").in_kafka, groups.consumed({"web": "magento", "pos": "heartland"})))


def test_the_door_is_scaled_by_cpu() -> None:
    scaled = rendered("managed").of("HorizontalPodAutoscaler")[0]["spec"]
    assert scaled["scaleTargetRef"]["name"] == "till-tillstream-ingress"
    door = rendered("managed").the("Deployment", "till-tillstream-ingress")
    assert "replicas" not in door["spec"]
    assert "cpu" in door["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]


# -- who watches ---------------------------------------------------------------------------------------------------


def test_metrics_carry_the_labels_that_dashboards_ask_by() -> None:
    """However they are collected."""
    (endpoint,) = rendered("managed").of("PodMonitor")[0]["spec"]["podMetricsEndpoints"]
    assert {one["targetLabel"] for one in endpoint["relabelings"]} == {"job", "role", "instance"}
    assert endpoint["port"] == "status"
    assert rendered("strimzi").of("ServiceMonitor")[0]["spec"]["endpoints"] == [endpoint]


def test_a_pod_monitor_finds_every_role() -> None:
    release = rendered("managed")
    monitor = release.of("PodMonitor")[0]["spec"]
    assert selected(release, monitor["selector"]["matchLabels"]) >= roles(release)


def test_a_service_monitor_finds_every_role_by_one_service() -> None:
    """By two, a pod would be scraped twice."""
    release = rendered("strimzi")
    wanted = release.of("ServiceMonitor")[0]["spec"]["selector"]["matchLabels"].items()
    (service,) = (one for one in release.of("Service") if wanted <= one["metadata"]["labels"].items())
    assert [one["name"] for one in service["spec"]["ports"]] == ["status"]
    assert service["spec"]["publishNotReadyAddresses"]
    assert selected(release, service["spec"]["selector"]) >= roles(release)


def test_alert_rules_reach_prometheus_as_they_are() -> None:
    """What stands between braces is Prometheus's, and no template of Helm's."""
    rules = rendered("managed").of("PrometheusRule")
    files = sorted((CHART / "alerts").glob("*.yaml"))
    assert [one["metadata"]["name"] for one in rules] == [f"till-tillstream-{path.stem}" for path in files]
    for rule, path in zip(rules, files, strict=True):
        text = path.read_text().replace("RUNBOOK.md#", "https://wiki.example/tillstream#")
        assert rule["spec"] == yaml.safe_load(text)
        assert rule["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_dashboards_reach_grafana_as_they_are() -> None:
    boards = [one for one in rendered("managed").of("ConfigMap") if "grafana_dashboard" in one["metadata"]["labels"]]
    files = {path.name: json.loads(path.read_text()) for path in (CHART / "dashboards").glob("*.json")}
    assert {name: json.loads(text) for one in boards for name, text in one["data"].items()} == files


def test_nothing_of_an_operator_is_made_unless_it_is_asked_for() -> None:
    kinds = {one["apiVersion"].split("/")[0] for one in rendered("openshift").objects}
    assert kinds == {"v1", "apps", "batch"}


def test_a_check_that_is_set_to_null_does_not_run() -> None:
    names = {one["metadata"]["name"] for one in rendered("several").of("CronJob")}
    assert names == {f"till-tillstream-{name}" for name in ("balance", "recent", "doctor", "stock", "orders", "purge")}


def test_checks_never_run_beside_themselves() -> None:
    for one in rendered("managed").of("CronJob"):
        assert one["spec"]["concurrencyPolicy"] == "Forbid"
        assert one["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0


def notes(case: str, *more: str) -> str:
    arguments = ("--dry-run=client", "-n", NAMESPACE, "-f", values_of(case), *more)
    return helm("install", RELEASE, str(CHART), *arguments).stdout.partition("NOTES:")[2]


def test_notes_say_what_to_do_next() -> None:
    told = notes("strimzi")
    assert "helm test till -n shop --logs" in told
    assert "exec deploy/till-tillstream-poll -- tillstream observe" in told
    assert "changes come by polling alone" in told


def test_notes_tell_when_nothing_collects_metrics() -> None:
    assert "nothing collects metrics" in notes("openshift")
    for case in ("managed", "strimzi"):
        told = notes(case)
        assert "helm test" in told
        assert "nothing collects metrics" not in told


def test_notes_of_a_paused_release_say_where_commands_run() -> None:
    told = notes("strimzi", "--set", "paused=workers")
    assert "-n shop exec -it deploy/till-tillstream-commands -- tillstream" in told
    assert "deploy/till-tillstream-poll" not in told

"""What a release is made of: the right commands, with the right settings, that stop, stay apart and start in order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings, load_settings
from tests.command_line import parse
from tests.helm.chart import MATRIX, NAMESPACE, Object, Rendered, rendered

SECRETS = "/run/secrets/"


def container(template: Object) -> Object:
    (only,) = template["spec"]["containers"]
    return dict(only)


def environment(template: Object) -> dict[str, str]:
    pod = {"POD_NAMESPACE": NAMESPACE, "POD_NAME": "pod-0"}
    given = {one["name"]: one.get("value", pod.get(one["name"], "")) for one in container(template)["env"]}
    return {name: re.sub(r"\$\((\w+)\)", lambda found: given[found[1]], value) for name, value in given.items()}


def volumes(template: Object) -> dict[str, Object]:
    return {one["name"]: one for one in template["spec"]["volumes"]}


def secret_references(node: Any) -> Iterator[str]:
    if isinstance(node, str) and node.startswith("file:"):
        yield node.removeprefix("file:")
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from secret_references(inner)


def loaded(release: Rendered, template: Object, directory: Path) -> Settings:
    """The settings as the pod's process reads them, its mounts below ``directory``."""
    config = volumes(template)["config"]["configMap"]["name"]
    for path in secret_references(release.settings(config)):
        file = directory / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("postgresql://u@db/till" if file.name == "store-url" else "made for this test only, and long\n")
    text = release.the("ConfigMap", config)["data"]["tillstream.toml"]
    named = directory / "tillstream.toml"
    named.write_text(text.replace(f"file:{SECRETS}", f"file:{directory}{SECRETS}"))
    own = {name: value for name, value in environment(template).items() if name.startswith("TILLSTREAM_")}
    assert own["TILLSTREAM_CONFIG"] == "/etc/tillstream/config/tillstream.toml"
    return load_settings(own | {"TILLSTREAM_CONFIG": str(named)}, directory)


@pytest.mark.parametrize("case", MATRIX)
def test_every_pod_runs_a_command_that_tillstream_has(case: str) -> None:
    for _, template in rendered(case).pods():
        parse(container(template)["args"])


@pytest.mark.parametrize("case", MATRIX)
def test_every_role_reads_settings_that_tillstream_takes(case: str, tmp_path: Path) -> None:
    release = rendered(case)
    for name, template in release.pods():
        (tmp_path / name).mkdir()
        settings = loaded(release, template, tmp_path / name)
        assert settings.status.host == settings.ingress.host == "0.0.0.0"  # noqa: S104 - in a pod
        args = container(template)["args"]
        if "--target" in args:
            assert args[-1] in settings.connections
        ports = {one["name"]: one["containerPort"] for one in container(template).get("ports", ())}
        assert ports.get("status", settings.status.port) == settings.status.port
        assert ports.get("door", settings.ingress.port) == settings.ingress.port


def test_settings_arrive_as_they_were_given(tmp_path: Path) -> None:
    release = rendered("several")
    settings = loaded(release, dict(release.pods())["till-tillstream-deliver-crm"], tmp_path)
    assert settings.connections["north-web"].budget.requests_per_second == 20
    assert settings.connections["north-pos"].client_secret.get_secret_value() == "made for this test only, and long"  # type: ignore[union-attr]
    assert settings.flows["ticket"].mode == "off"
    assert settings.ingress.body_cap_bytes == 2_097_152  # Helm makes a float of it
    assert settings.polling.since == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert str(settings.channels["south"].tax_rate) == "8.25"
    assert str(settings.flows_directory) == "/etc/tillstream/flows"
    assert settings.ingress.public_url == "https://till.example"


def test_each_connection_has_a_worker_of_its_own() -> None:
    sets = {
        one["metadata"]["name"]: one["spec"]
        for one in rendered("several", "autoscaling.workers.enabled=false").of("StatefulSet")
    }
    targets = ("north-web", "north-pos", "south-web", "south-pos", "crm")
    assert set(sets) == {
        f"till-tillstream-{name}" for name in ("normalize", "inventory", *(f"deliver-{t}" for t in targets))
    }
    assert [sets[f"till-tillstream-deliver-{target}"]["replicas"] for target in targets] == [4, 2, 2, 2, 1]


@pytest.mark.parametrize("case", MATRIX)
def test_a_worker_keeps_its_name_over_a_restart(case: str, tmp_path: Path) -> None:
    release = rendered(case)
    for one in release.of("StatefulSet"):
        template = one["spec"]["template"]
        fields = {env["name"]: env.get("valueFrom") for env in container(template)["env"]}
        assert fields["POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert fields["POD_NAMESPACE"] == {"fieldRef": {"fieldPath": "metadata.namespace"}}
        settings = loaded(release, template, tmp_path)
        assert settings.worker.instance_id == "shop.pod-0"
        assert settings.kafka.session_timeout_seconds == 30
    for one in release.of("Deployment"):
        assert "TILLSTREAM_WORKER__INSTANCE_ID" not in environment(one["spec"]["template"])


@pytest.mark.parametrize("case", MATRIX)
def test_a_stop_may_take_as_long_as_the_drain(case: str, tmp_path: Path) -> None:
    release = rendered(case)
    for one in release.workloads():
        template = one["spec"]["template"]
        settings, grace = loaded(release, template, tmp_path), template["spec"]["terminationGracePeriodSeconds"]
        before = container(template).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        role = container(template)["args"][0]
        needed = {"worker": settings.worker.drain_seconds, "ingress": settings.ingress.publish_timeout_seconds}
        assert grace >= before + needed.get(role, 30) + 5


@pytest.mark.parametrize("case", MATRIX)
def test_no_pod_has_rights_that_it_does_not_need(case: str) -> None:
    for name, template in rendered(case).pods():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert container(template)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        user = None if case == "openshift" else 10001
        assert spec["securityContext"].get("runAsUser") == user, name
        assert "memory" in container(template)["resources"]["limits"], name


@pytest.mark.parametrize("case", MATRIX)
def test_a_service_called_tillstream_gives_no_pod_variables_that_look_like_settings(case: str) -> None:
    assert all(template["spec"]["enableServiceLinks"] is False for _, template in rendered(case).pods())


@pytest.mark.parametrize("case", MATRIX)
def test_what_a_pod_mounts_is_there(case: str) -> None:
    release = rendered(case)
    made = {one["metadata"]["name"] for one in release.of("ConfigMap")}
    secrets = {one["spec"]["target"]["name"] for one in release.of("ExternalSecret")}
    given = {"tillstream", "shop-cluster-ca-cert", "tillstream-shop"} if case != "several" else set()
    for name, template in release.pods():
        for volume in template["spec"]["volumes"]:
            assert volume.get("configMap", {}).get("name", next(iter(made))) in made, name
            if "secret" in volume:
                assert volume["secret"]["secretName"] in secrets | given, name
        mounted = {one["name"] for one in container(template)["volumeMounts"]}
        assert mounted == set(volumes(template)), name


@pytest.mark.parametrize("case", MATRIX)
def test_hooks_use_only_what_is_there_before_the_release(case: str) -> None:
    """On a first install nothing else exists yet, so what a Job needs is a hook itself, of a lower weight."""
    release = rendered(case)
    weights = {
        (one["kind"], one["metadata"]["name"]): int(one["metadata"]["annotations"]["helm.sh/hook-weight"])
        for one in release.objects
        if "pre-install" in one["metadata"].get("annotations", {}).get("helm.sh/hook", "")
    }
    jobs = release.of("Job")
    assert [container(job["spec"]["template"])["args"] for job in jobs] == (
        [] if case == "openshift" else [["store", "migrate"], ["topics", "create"]]
    )
    external = {one["spec"]["target"]["name"]: one["metadata"]["name"] for one in release.of("ExternalSecret")}
    for job in jobs:
        mine, spec = weights["Job", job["metadata"]["name"]], job["spec"]["template"]["spec"]
        needs = [("ConfigMap", one["configMap"]["name"]) for one in spec["volumes"] if "configMap" in one]
        secrets = [one["secret"]["secretName"] for one in spec["volumes"] if "secret" in one]
        needs += [("ExternalSecret", external[name]) for name in secrets if case == "several"]
        assert all(weights[one] < mine for one in needs)
        assert spec["serviceAccountName"] == "default"
        assert ("NetworkPolicy", "till-tillstream-hook") in weights


def test_what_only_hooks_use_does_not_outlive_them() -> None:
    for one in rendered("several").objects:
        notes = one["metadata"].get("annotations", {})
        if "pre-install" in notes.get("helm.sh/hook", ""):
            assert "hook-succeeded" in notes["helm.sh/hook-delete-policy"]
            assert one["metadata"]["labels"]["app.kubernetes.io/component"] == "hook"


@pytest.mark.parametrize("case", MATRIX)
def test_probes_ask_what_they_should(case: str) -> None:
    for one in rendered(case).workloads():
        found = container(one["spec"]["template"])
        paths = {probe: found[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
        assert paths == {
            "startup": {"path": "/healthz", "port": "status"},
            "liveness": {"path": "/healthz", "port": "status"},
            "readiness": {"path": "/readyz", "port": "status"},
        }
        assert found["readinessProbe"]["timeoutSeconds"] > 3, "a check of readiness may take three seconds"


def test_every_pod_may_be_given_variables() -> None:
    """Such as the file of a private authority of the shop's systems, out of a Secret that is mounted."""
    given = {"name": "SSL_CERT_FILE", "value": "/run/secrets/tillstream/authorities.pem"}
    for name, template in rendered("managed", f"pods.env=[{json.dumps(given)}]").pods():
        assert given in container(template)["env"], name


def test_pods_start_again_when_their_settings_change() -> None:
    def sums(*sets: str) -> set[str]:
        workloads = rendered("managed", *sets).workloads()
        return {one["spec"]["template"]["metadata"]["annotations"]["checksum/config"] for one in workloads}

    assert len(sums()) == 1
    assert sums() != sums("settings.worker.lanes=8")

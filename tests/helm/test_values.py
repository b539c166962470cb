"""Wrong values end at `helm install`, with a message that names the value and what to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from helm import settings_schema
from streams.engine.load import load
from streams.topics import PARTITIONS
from tests.helm.chart import CHART, refused, rendered

WEB = "settings.connections.web"


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        pytest.param("replicas=2", "additional properties 'replicas' not allowed", id="a value there is not"),
        pytest.param("roles.normalise.replicas=2", "'/roles': additional properties 'normalise'", id="a role misspelt"),
        pytest.param("settings.worker.lane=3", "'/settings/worker': additional properties 'lane'", id="a setting"),
        pytest.param(f"{WEB}.base_ulr=x", "'/settings/connections/web': additional properties 'base_ulr'", id="nested"),
        pytest.param(f"{WEB}.system=shopify", "must be one of 'heartland', 'magento', 'webhook'", id="a system"),
        pytest.param(
            "settings.connections.pos.client_secret=hunter",
            "does not match pattern '^file:/run/secrets/",
            id="a secret",
        ),
        pytest.param("settings.store.url=postgresql://a:b@c/d", "'/settings/store/url'", id="the store's password"),
        pytest.param("roles.normalize.replicas=13", "maximum: got 13, want 12", id="more workers than partitions"),
        pytest.param("deliverTo.web.replicas=0", "minimum: got 0, want 1", id="no worker"),
        pytest.param("settings.kafka.bootstrap_servers=kafka", "'/settings/kafka/bootstrap_servers'", id="no port"),
        pytest.param("settings.kafka.security_protocol=TLS", "must be one of 'PLAINTEXT', 'SSL'", id="a protocol"),
        pytest.param("settings.flows.order.mode=on", "'/settings/flows/order/mode'", id="a mode"),
        pytest.param("settings.worker.instance_id=w", "additional properties 'instance_id'", id="what the chart sets"),
        pytest.param("paused=true", "'/paused': value must be one of '', 'workers', 'all'", id="what stands still"),
        pytest.param("pods.env[0].name=TILLSTREAM_LOG_LEVEL", "'/pods/env/0/name'", id="a setting as a variable"),
        pytest.param(f"{WEB}.base_url=shop.example", "'shop.example' does not match pattern '^https?:", id="no scheme"),
        pytest.param("settings.channels.main.buffers.MAIN=three", "buffers/MAIN': got string, want number", id="text"),
        pytest.param("checks.balance.args[0]=balnce", "'/checks/balance/args/0': value must be one of", id="a command"),
        pytest.param("image.digest=latest", "'/image/digest'", id="a digest"),
        pytest.param("expose.host=https://till.example", "'/expose/host'", id="a URL for a host"),
        pytest.param("checks.balance.schedule=hourly", "'/checks/balance/schedule'", id="a schedule"),
        pytest.param(
            "roles.poll.resources.requests.memory=lots", "'/roles/poll/resources/requests/memory'", id="memory"
        ),
        pytest.param("roles.poll.resources.request.cpu=1", "additional properties 'request'", id="resources misspelt"),
        pytest.param("networkPolicy.kafkaTo[0].namespace=kafka", "additional properties 'namespace'", id="a peer"),
        pytest.param("monitoring.serviceMonitor.interval=often", "'/monitoring/serviceMonitor/interval'", id="often"),
        pytest.param("topologySpread.zone=Always", "must be one of 'ScheduleAnyway'", id="a spread"),
        pytest.param("autoscaling.workers.maxReplicas=20", "maximum: got 20, want 12", id="more than partitions"),
    ],
)
def test_the_schema_refuses(sets: str, told: str) -> None:
    assert told in refused("managed", sets)


@pytest.mark.parametrize(
    ("login", "told"),
    [
        pytest.param({}, "missing property 'bearer_token'", id="no login"),
        pytest.param(
            {"consumer_key": "file:/run/secrets/tillstream/key"},
            "properties 'consumer_secret', 'access_token', 'access_token_secret' required, if 'consumer_key' exists",
            id="one of four secrets",
        ),
    ],
)
def test_a_login_to_magento_must_be_whole(login: dict[str, str], told: str) -> None:
    web = {"system": "magento", "base_url": "https://shop.example"} | login
    assert told in refused("strimzi", f"settings.connections={json.dumps({'web': web})}")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        pytest.param("secrets.tillstream.existingSecret=", "give either", id="none"),
        pytest.param(
            "settings.kafka.sasl_password=file:/run/secrets/kafka/password",
            "secrets.kafka is missing; add it with existingSecret or externalSecret",
            id="a secret that is nowhere",
        ),
        pytest.param("settings.kafka.sasl_username=", "SASL_SSL needs sasl_username", id="a login without a name"),
        pytest.param("settings.channels.main.pos=po", "there is no connection 'po'", id="a channel to nowhere"),
        pytest.param("settings.channels.main.pos=web", "'web' is of magento, not of heartland", id="the wrong side"),
        pytest.param(
            "settings.flows.orders.mode=live", "there is no flow 'orders'; there are customer_to_pos", id="flow"
        ),
        pytest.param("deliverTo.wbe.replicas=2", "deliverTo.wbe: there is no connection 'wbe'", id="a target"),
        pytest.param("expose.ingress.tlsSecretName=", "webhooks carry customers' data and need https", id="no TLS"),
        pytest.param("expose.host=", "expose.host: name the host", id="no host"),
        pytest.param("settings.ingress.public_url=http://till.example", "webhooks need https", id="a plain URL"),
        pytest.param("expose.httpRoute.enabled=true", "expose.httpRoute.gateway.name", id="no Gateway"),
        pytest.param(
            "autoscaling.ingress.minReplicas=9", "minReplicas 9 is more than maxReplicas 6", id="least above most"
        ),
        pytest.param("autoscaling.workers.enabled=true", "KEDA reads there whether a system is down", id="KEDA blind"),
        pytest.param("monitoring.rules.runbookBase=", "say where your people read helm/RUNBOOK.md", id="no runbook"),
        pytest.param("monitoring.serviceMonitor.enabled=true", "every pod would be scraped twice", id="both monitors"),
        pytest.param(f"fullnameOverride={'long-' * 9}name", "longer than 52 characters", id="a long name"),
    ],
)
def test_contradictions_are_told(sets: str, told: str) -> None:
    assert told in refused("managed", sets)


def test_a_key_that_the_vault_is_not_asked_for_is_told() -> None:
    told = refused("several", "settings.connections.crm.secret=file:/run/secrets/tillstream/cmr")
    assert "a setting reads /run/secrets/tillstream/cmr, but secrets.tillstream.externalSecret.data has no cmr" in told


def test_a_flow_of_ones_own_is_known_by_its_document() -> None:
    rendered("several", "settings.flows.customer_to_crm.mode=live")


def test_the_chart_knows_the_built_in_flows() -> None:
    text = (CHART / "templates" / "_validate_settings.tpl").read_text()
    assert text.splitlines()[-2].split() == sorted(load().flows)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    text = refused("managed", "expose.host=", "deliverTo.x.replicas=1", "settings.kafka.sasl_username=")
    assert text.count("\n  - ") == 3


def test_plain_http_may_be_allowed_where_tls_ends_earlier() -> None:
    outcome = rendered("managed", "expose.allowHttp=true", "expose.ingress.tlsSecretName=")
    assert "tls" not in outcome.of("Ingress")[0]["spec"]


def test_the_schema_knows_the_settings_of_this_version() -> None:
    assert settings_schema.SCHEMA.read_text() == settings_schema.written(), "run `python -m helm.settings_schema`"


def test_no_worker_has_more_replicas_than_partitions() -> None:
    assert set(re.findall(r'"maximum": (\d+)', _workers_in_schema())) == {str(PARTITIONS)}
    assert f"the {PARTITIONS} partitions" in (CHART / "values.yaml").read_text()


def _workers_in_schema() -> str:
    text = settings_schema.SCHEMA.read_text()
    return text[text.index('"role": {') : text.index('"peers": {')]


def test_the_chart_is_of_the_programs_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert f'version = "{chart["appVersion"]}"' in project

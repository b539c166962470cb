"""Settings: what is read, and how what is wrong is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.connections import HeartlandConnection, MagentoConnection
from app.settings import KafkaSettings, Settings, SettingsError, load_settings
from app.settings.catalogue import CONFIG_VARIABLE, FLOWS_VARIABLE, catalogue
from app.settings.explain import documentation, values
from schemas.documents.flow import Mode

WEB = {
    "TILLSTREAM_CONNECTIONS__WEB__SYSTEM": "magento",
    "TILLSTREAM_CONNECTIONS__WEB__BASE_URL": "http://127.0.0.1:1",
    "TILLSTREAM_CONNECTIONS__WEB__BEARER_TOKEN": "web-token",
}
POS = {
    "TILLSTREAM_CONNECTIONS__POS__SYSTEM": "heartland",
    "TILLSTREAM_CONNECTIONS__POS__BASE_URL": "http://127.0.0.1:2",
    "TILLSTREAM_CONNECTIONS__POS__CLIENT_ID": "till",
    "TILLSTREAM_CONNECTIONS__POS__CLIENT_SECRET": "pos-secret",
}
CHANNEL = {
    "TILLSTREAM_CHANNELS__MAIN__WEB": "web",
    "TILLSTREAM_CHANNELS__MAIN__POS": "pos",
    "TILLSTREAM_CHANNELS__MAIN__LOCATION": "MAIN",
    "TILLSTREAM_CHANNELS__MAIN__SOURCES": '{"MAIN": "main", "STORE2": "store2"}',
}
SHOP = WEB | POS | CHANNEL


def load(environ: dict[str, str], directory: Path) -> Settings:
    return load_settings(environ, directory)


def refusal(environ: dict[str, str], directory: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, directory)
    return str(caught.value)


def test_nothing_given_is_enough_to_look_around(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert settings.kafka.bootstrap_servers == "127.0.0.1:9092"
    assert settings.connections == {}


def test_a_whole_shop_comes_from_the_environment(tmp_path: Path) -> None:
    settings = load(
        SHOP | {"TILLSTREAM_FLOWS__ORDER__MODE": "live", "TILLSTREAM_KAFKA__REPLICATION_FACTOR": "5"}, tmp_path
    )
    assert isinstance(settings.connections["web"], MagentoConnection)
    assert isinstance(settings.connections["pos"], HeartlandConnection)
    channel = settings.channels["main"]
    assert (channel.name, channel.sources["STORE2"]) == ("main", "store2")
    assert settings.flows["order"].mode is Mode.LIVE
    assert settings.kafka.replication_factor == 5


def test_the_environment_wins_over_the_file_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "tillstream.toml").write_text('[kafka]\nbootstrap_servers = "file:1"\nreplication_factor = 2\n')
    settings = load({"TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS": "variable:2"}, tmp_path)
    assert (settings.kafka.bootstrap_servers, settings.kafka.replication_factor) == ("variable:2", 2)


def test_the_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('log_level = "ERROR"\n')
    assert load({CONFIG_VARIABLE: str(tmp_path / "other.toml")}, tmp_path).log_level == "ERROR"


def test_an_empty_variable_counts_as_not_given(tmp_path: Path) -> None:
    assert load({"TILLSTREAM_LOG_LEVEL": ""}, tmp_path).log_level == "INFO"


def test_the_flows_directory_has_a_variable_beside_the_flows_own(tmp_path: Path) -> None:
    settings = load({FLOWS_VARIABLE: "/flows", "TILLSTREAM_FLOWS__STOCK__MODE": "live"}, tmp_path)
    assert settings.flows_directory == Path("/flows")
    assert settings.flows["stock"].mode is Mode.LIVE


def test_a_connections_name_has_a_dash_where_its_variable_has_an_underscore(tmp_path: Path) -> None:
    shop = {name.replace("__WEB__", "__MY_SHOP__"): value for name, value in WEB.items()}
    assert list(load(shop, tmp_path).connections) == ["my-shop"]


@pytest.mark.parametrize("text", ["one,two", '["one", "two"]', "one, two"])
def test_a_list_is_given_by_commas_or_as_json(tmp_path: Path, text: str) -> None:
    settings = load(WEB | {"TILLSTREAM_CONNECTIONS__WEB__WEBHOOKS__SECRETS": text}, tmp_path)
    assert [secret.get_secret_value() for secret in settings.connections["web"].webhooks.secrets] == ["one", "two"]


def test_a_secret_may_be_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    (tmp_path / "hook").write_text("signed")
    connection = load(
        WEB
        | {
            "TILLSTREAM_CONNECTIONS__WEB__BEARER_TOKEN": f"file:{tmp_path}/token",
            "TILLSTREAM_CONNECTIONS__WEB__WEBHOOKS__SECRETS": f"file:{tmp_path}/hook,plain",
        },
        tmp_path,
    ).connections["web"]
    assert isinstance(connection, MagentoConnection)
    assert connection.bearer_token is not None
    assert connection.bearer_token.get_secret_value() == "from a file"
    assert [secret.get_secret_value() for secret in connection.webhooks.secrets] == ["signed", "plain"]


def test_a_secret_file_that_is_not_there_is_told_with_the_settings_name(tmp_path: Path) -> None:
    text = refusal(WEB | {"TILLSTREAM_CONNECTIONS__WEB__BEARER_TOKEN": "file:/nowhere/token"}, tmp_path)
    assert "connections.web.bearer_token" in text
    assert "/nowhere/token" in text


def test_an_unknown_variable_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    text = refusal({"TILLSTREAM_KAFKA__BOOTSTRAP_SERVRS": "k:1"}, tmp_path)
    assert "did you mean TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS?" in text


def test_a_variable_of_a_named_part_is_corrected_with_its_own_name(tmp_path: Path) -> None:
    text = refusal(POS | {"TILLSTREAM_CONNECTIONS__POS__CLIENT_SECRETS": "x"}, tmp_path)
    assert "did you mean TILLSTREAM_CONNECTIONS__POS__CLIENT_SECRET?" in text


def test_an_unknown_key_of_the_file_is_refused_with_the_file_and_the_nearest_key(tmp_path: Path) -> None:
    (tmp_path / "tillstream.toml").write_text("[worker]\nlane = 3\n")
    text = refusal({}, tmp_path)
    assert "worker.lane" in text
    assert str(tmp_path / "tillstream.toml") in text
    assert "did you mean lanes?" in text


def test_a_wrong_value_is_told_with_both_names_its_place_and_what_is_expected(tmp_path: Path) -> None:
    text = refusal({"TILLSTREAM_WORKER__LANES": "many"}, tmp_path)
    assert "worker.lanes  (environment: TILLSTREAM_WORKER__LANES)" in text
    assert "'many'" in text
    assert "in the environment" in text
    assert "expected: whole number" in text


def test_a_wrong_secret_is_told_without_its_value(tmp_path: Path) -> None:
    text = refusal({"TILLSTREAM_STORE__URL": "mysql://app:hunter2@db/till"}, tmp_path)
    assert "store.url" in text
    assert "hunter2" not in text


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = refusal({"TILLSTREAM_WORKER__LANES": "0", "TILLSTREAM_LOG_LEVEL": "LOUD", "TILLSTREAM_X": "1"}, tmp_path)
    assert "3 settings are wrong" in text
    assert all(name in text for name in ("worker.lanes", "log_level", "TILLSTREAM_X"))


def test_a_missing_value_names_the_variable_that_would_give_it(tmp_path: Path) -> None:
    del (environ := dict(SHOP))["TILLSTREAM_CHANNELS__MAIN__LOCATION"]
    assert "TILLSTREAM_CHANNELS__MAIN__LOCATION" in refusal(environ, tmp_path)


def test_a_connection_without_a_system_is_told_the_two_that_exist(tmp_path: Path) -> None:
    text = refusal({"TILLSTREAM_CONNECTIONS__WEB__BASE_URL": "http://x"}, tmp_path)
    assert "connections.web.system" in text
    assert "magento | heartland" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"TILLSTREAM_CHANNELS__MAIN__WEB": "wbe"}, "channels.main.web"),
        ({"TILLSTREAM_CHANNELS__MAIN__WEB": "pos"}, "connection 'pos' is of heartland"),
        ({"TILLSTREAM_CHANNELS__MAIN__LOCATION": "ATTIC"}, "'ATTIC' has no source"),
        ({"TILLSTREAM_CHANNELS__MAIN__SHIP_FROM": '["MAIN", "ATTIC"]'}, "'ATTIC' has no source"),
        ({"TILLSTREAM_CONNECTIONS__WEB__BASE_URL": "http://shop/rest"}, "ends in '/rest'"),
        ({"TILLSTREAM_CONNECTIONS__WEB__BASE_URL": "shop"}, "is no web address"),
        ({"TILLSTREAM_CONNECTIONS__WEB__BEARER_TOKEN": ""}, "either bearer_token or all of"),
        ({"TILLSTREAM_CONNECTIONS__WEB__CONSUMER_KEY": "k"}, "connections.web.consumer_secret"),
        ({"TILLSTREAM_KAFKA__REPLICATION_FACTOR": "1"}, "kafka.min_insync_replicas"),
        ({"TILLSTREAM_KAFKA__SECURITY_PROTOCOL": "SASL_SSL"}, "kafka.sasl_username"),
        ({"TILLSTREAM_KAFKA__KEY_FILE": "/key"}, "kafka.key_file"),
        (
            {name.replace("MAIN__", "SECOND__"): value for name, value in CHANNEL.items()},
            "store view 1 of 'web' has a channel already: main",
        ),
        (
            {name.replace("MAIN__", "SECOND__"): value for name, value in CHANNEL.items()}
            | {"TILLSTREAM_CHANNELS__SECOND__STORE_ID": "2"},
            "order numbers would collide",
        ),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(tmp_path: Path, change: dict[str, str], told: str) -> None:
    assert told in refusal(SHOP | change, tmp_path)


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "tillstream.toml").write_text("[kafka\n")
    assert "line 1" in refusal({}, tmp_path)


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "/nowhere.toml" in refusal({CONFIG_VARIABLE: "/nowhere.toml"}, tmp_path)


def test_polling_begins_at_a_moment_with_its_zone(tmp_path: Path) -> None:
    polling = load({"TILLSTREAM_POLLING__SINCE": "2026-01-31T12:00:00+01:00"}, tmp_path).polling
    assert polling.since == datetime(2026, 1, 31, 11, tzinfo=UTC)
    (tmp_path / "tillstream.toml").write_text("[polling]\nsince = 2026-01-31T11:00:00Z\n")
    assert load({}, tmp_path).polling == polling


@pytest.mark.parametrize("since", ["2026", "1769860800.5", "2026-01-31", "2026-01-31T12:00:00", "yesterday"])
def test_a_moment_that_could_be_another_is_refused(tmp_path: Path, since: str) -> None:
    text = refusal({"TILLSTREAM_POLLING__SINCE": since}, tmp_path)
    assert "polling.since" in text
    assert "date and time with zone" in text


@pytest.mark.parametrize("setting", catalogue(), ids=lambda setting: f"{setting.name}{setting.variant}")
def test_every_setting_is_documented(setting: object) -> None:
    meaning = getattr(setting, "meaning", "")
    assert meaning.endswith(".")
    assert getattr(setting, "name", "-") in documentation()


def test_values_are_shown_without_secrets(tmp_path: Path) -> None:
    text = values(load(SHOP, tmp_path))
    assert "connections.web.bearer_token = ********" in text
    assert "connections.web.consumer_key = (not set)" in text
    assert "pos-secret" not in text
    assert "web-token" not in text
    assert "channels.main.sources.STORE2 = store2" in text


def test_kafka_with_a_password_is_reached_over_tls() -> None:
    options = KafkaSettings(
        security_protocol="SASL_SSL",
        sasl_username="till",
        sasl_password="secret",
    ).client_options()
    assert options["sasl_plain_password"] == "secret"
    assert options["ssl_context"] is not None


def test_kafka_in_the_clear_needs_nothing_more() -> None:
    assert KafkaSettings().client_options() == {
        "bootstrap_servers": "127.0.0.1:9092",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("prefix", ["", "shop-a.", "eu.shop-a.", "a-", "7."])
def test_a_prefix_stands_before_every_name_in_kafka(prefix: str) -> None:
    names = KafkaSettings(topic_prefix=prefix).names
    assert names.in_kafka("raw.magento.order") == f"{prefix}raw.magento.order"
    assert names.logical(f"{prefix}raw.magento.order") == "raw.magento.order"


@pytest.mark.parametrize("prefix", ["shop", "Shop.", "shop_a.", ".", ".a.", "a b.", "a/b.", f"{'x' * 50}."])
def test_a_prefix_that_runs_into_the_name_or_that_kafka_would_not_take_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="topic_prefix"):
        KafkaSettings(topic_prefix=prefix)


def test_every_type_is_told_in_words() -> None:
    strange = {setting.name: setting.type for setting in catalogue() if "." in setting.type or "<" in setting.type}
    assert strange == {}

"""Consumer groups: what is consumed is declared, and everything declared is consumed."""

from __future__ import annotations

from streams import groups
from streams.topics import TOPICS, WEB_UNITS, WEB_UNITS_CHANGELOG

CONNECTIONS = {"web": "magento", "pos": "heartland"}
DECLARED = {topic.name for topic in TOPICS}


def test_every_consumed_topic_is_declared() -> None:
    assert {topic for topics in groups.consumed(CONNECTIONS).values() for topic in topics} <= DECLARED


def test_every_working_topic_is_consumed_by_somebody() -> None:
    consumed = {topic for topics in groups.consumed(CONNECTIONS).values() for topic in topics}
    own = {name for name in DECLARED if name.startswith("dead-letter.")} | {WEB_UNITS_CHANGELOG}
    assert consumed == DECLARED - own


def test_each_target_has_a_group_of_its_own() -> None:
    assert set(groups.consumed(CONNECTIONS)) == {
        "tillstream.normalize",
        "tillstream.inventory",
        "tillstream.deliver.web",
        "tillstream.deliver.pos",
    }


def test_the_tables_changelog_has_the_name_that_faust_gives_it() -> None:
    assert f"{groups.INVENTORY}-{WEB_UNITS}-changelog" == WEB_UNITS_CHANGELOG

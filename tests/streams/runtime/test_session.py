"""How long a worker may believe that its partitions are its own, by what the group's coordinator answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    IllegalGenerationError,
    KafkaConnectionError,
    NoError,
    NotCoordinatorForGroupError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest

from streams.runtime.session import Session

HEARTBEAT = HeartbeatRequest("g", 1, "m")
SYNC = SyncGroupRequest("g", 1, "m", None, [])


class Coordinator:
    """Answers each request after some seconds, in which the process may be frozen."""

    def __init__(self) -> None:
        self.now = 100.0
        self.session = Session(5.0, clock=lambda: self.now)
        self._ask = self.session.listening(self._answer)
        self._code = 0
        self._seconds = 0.0

    async def _answer(self, _request: Any) -> Any:
        self.now += self._seconds
        return SimpleNamespace(error_code=self._code)

    async def ask(self, request: Any, error: Any = NoError, *, seconds: float = 0.0) -> None:
        self._code, self._seconds = error.errno, seconds
        await self._ask(request)


@pytest.fixture
def group() -> Coordinator:
    return Coordinator()


def test_a_worker_that_has_not_joined_has_nothing(group: Coordinator) -> None:
    assert not group.session.stands


@pytest.mark.parametrize("request_", [HEARTBEAT, SYNC])
async def test_it_stands_for_some_time_after_the_group_knew_it(group: Coordinator, request_: Any) -> None:
    await group.ask(request_)
    group.now += 4.9
    assert group.session.stands
    group.now += 0.1
    assert not group.session.stands


async def test_a_worker_that_was_frozen_finds_its_time_over_before_it_is_told(group: Coordinator) -> None:
    await group.ask(HEARTBEAT)
    group.now += 15
    assert not group.session.stands


async def test_an_answer_that_waited_in_a_frozen_process_renews_nothing(group: Coordinator) -> None:
    await group.ask(HEARTBEAT, seconds=15)
    assert not group.session.stands


async def test_a_member_of_a_group_that_hands_over_is_known_still(group: Coordinator) -> None:
    await group.ask(HEARTBEAT, RebalanceInProgressError)
    assert group.session.stands


@pytest.mark.parametrize("error", [UnknownMemberIdError, IllegalGenerationError])
async def test_a_worker_that_was_put_out_has_nothing_at_once(group: Coordinator, error: Any) -> None:
    await group.ask(HEARTBEAT)
    await group.ask(HEARTBEAT, error)
    assert not group.session.stands


async def test_a_broker_that_no_longer_coordinates_says_nothing_about_us(group: Coordinator) -> None:
    await group.ask(HEARTBEAT)
    await group.ask(HEARTBEAT, NotCoordinatorForGroupError)
    assert group.session.stands
    group.now += 5
    await group.ask(HEARTBEAT, NotCoordinatorForGroupError)
    assert not group.session.stands


async def test_other_requests_prove_nothing(group: Coordinator) -> None:
    await group.ask(JoinGroupRequest("g", 10_000, 60_000, "m", None, "consumer", []))
    assert not group.session.stands


async def test_a_failure_reaches_whoever_asked(group: Coordinator) -> None:
    async def fails(_request: Any) -> Any:
        raise KafkaConnectionError

    with pytest.raises(KafkaConnectionError):
        await group.session.listening(fails)(HEARTBEAT)

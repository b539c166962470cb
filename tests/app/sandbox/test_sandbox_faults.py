from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.sandbox.database import Database
from app.sandbox.faults import Call, Fault, FaultPanel, Rule
from app.sandbox.striking import PANEL_SCHEMA, fault_middleware, list_lag, open_panel, panel_routes

CREATE = Call("create_order", client="tillstream")
LIST = Call("list_orders", lists=True)


def strikes(panel: FaultPanel, calls: int, call: Call = CREATE, method: str = "POST") -> list[bool]:
    return [panel.strike_call(method, "/v1/orders", call).answer is not None for _ in range(calls)]


@pytest.mark.parametrize("every", [1, 2, 7, 20])
def test_a_quota_strikes_every_nth_call_and_not_by_chance(every: int) -> None:
    panel = FaultPanel(seed=3)
    panel.add([Rule(Fault.THROTTLE, every=every)])
    struck = [index for index, hit in enumerate(strikes(panel, every * 10)) if hit]
    assert len(struck) == 10
    assert {later - earlier for earlier, later in pairwise(struck)} <= {every}
    assert panel.fired[Fault.THROTTLE] == 10


def test_the_seed_decides_the_phase() -> None:
    phases = set()
    for seed in range(20):
        panel = FaultPanel(seed)
        panel.add([Rule(Fault.THROTTLE, every=20)])
        phases.add(strikes(panel, 20).index(True))
    assert len(phases) > 5


def test_two_refusals_due_at_once_strike_one_call_each() -> None:
    panel = FaultPanel(seed=1)
    panel.add([Rule(Fault.THROTTLE, every=1, limit=3), Rule(Fault.ERROR_BEFORE, every=1, limit=3)])
    assert strikes(panel, 8) == [True] * 6 + [False] * 2
    assert panel.fired == {Fault.THROTTLE: 3, Fault.ERROR_BEFORE: 3}


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        (Rule(Fault.THROTTLE, every=1, operation="create_*"), True),
        (Rule(Fault.THROTTLE, every=1, operation="list_*"), False),
        (Rule(Fault.THROTTLE, every=1, path="/v1/orders*"), True),
        (Rule(Fault.THROTTLE, every=1, path="/v1/inventory"), False),
        (Rule(Fault.THROTTLE, every=1, method="post"), True),
        (Rule(Fault.THROTTLE, every=1, method="GET"), False),
        (Rule(Fault.THROTTLE, every=1, client="tillstream"), True),
        (Rule(Fault.THROTTLE, every=1, client="!till*"), False),
        (Rule(Fault.THROTTLE, every=1, client="!shop"), True),
        (Rule(Fault.THROTTLE, every=1, client="shop"), False),
    ],
)
def test_a_rule_strikes_only_the_calls_it_names(rule: Rule, hit: bool) -> None:
    panel = FaultPanel(seed=1)
    panel.add([rule])
    assert strikes(panel, 1) == [hit]


def test_lag_strikes_list_reads_only() -> None:
    panel = FaultPanel(seed=1)
    panel.add([Rule(Fault.LIST_LAG, every=1, seconds=4)])
    assert panel.strike_call("POST", "/", CREATE).lag_seconds == 0
    assert panel.strike_call("GET", "/", LIST).lag_seconds == 4


def test_webhook_rules_match_the_entity_and_a_lost_event_meets_nothing_else() -> None:
    panel = FaultPanel(seed=1)
    panel.add(
        [
            Rule(Fault.WEBHOOK_LOST, every=2, operation="order"),
            Rule(Fault.WEBHOOK_THIN, every=1),
            Rule(Fault.WEBHOOK_REORDERED, every=1, ms=900),
        ]
    )
    order = [panel.strike_webhook("order") for _ in range(4)]
    assert sorted(faults.lost for faults in order) == [False, False, True, True]
    assert all(faults.thin and faults.delay_ms == 900 for faults in order if not faults.lost)
    assert not panel.strike_webhook("inventory").lost


@pytest.mark.parametrize(
    "bad",
    [
        "throttle",
        {},
        {"fault": "fire"},
        {"fault": "throttle", "evry": 2},
        {"fault": "throttle", "every": 0},
        {"fault": "throttle", "every": "2"},
        {"fault": "list_lag", "seconds": 3_600},
        {"fault": "latency", "ms": -1},
        {"fault": "late", "ms": 60_001},
        {"fault": "hang", "done": 1},
        {"fault": "throttle", "every": True},
    ],
)
def test_a_bad_rule_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"rule|must be|wrong|at least|between"):
        Rule.parse(bad)


def test_a_fault_that_the_system_does_not_have_is_refused_and_changes_nothing() -> None:
    panel = FaultPanel(seed=1, lacks=frozenset({Fault.OPAQUE}))
    panel.replace([Rule(Fault.THROTTLE)])
    for change in (panel.add, panel.replace):
        with pytest.raises(ValueError, match="no fault 'opaque'"):
            change([Rule(Fault.LATENCY), Rule(Fault.OPAQUE)])
    assert len(panel._quotas) == 1


@pytest.mark.parametrize("struck", range(8))
def test_rules_and_counters_go_on_where_a_killed_sandbox_left_them(tmp_path: Path, struck: int) -> None:
    unbroken = FaultPanel(seed=3)
    database = Database(tmp_path / "panel.sqlite", PANEL_SCHEMA)
    panel = open_panel(database, seed=3)
    rules = [Rule(Fault.HANG, every=3, client="till*", done=False), Rule(Fault.LATE, every=4, limit=2, ms=9_000)]
    for each in (unbroken, panel):
        each.replace(rules)
    expected = strikes(unbroken, 20)
    again = strikes(panel, struck)
    reopened = open_panel(Database(tmp_path / "panel.sqlite", PANEL_SCHEMA), seed=3)
    assert reopened.state() == panel.state()
    assert again + strikes(reopened, 20 - struck) == expected
    assert reopened.fired == unbroken.fired


class GoingOnServer(TestServer):
    """Lets a handler run when its client has gone, as `AppRunner` does unless it is told otherwise."""

    async def _make_runner(self, **_kwargs: object) -> web.BaseRunner:
        return web.AppRunner(self.app)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    panel = FaultPanel(seed=1)
    worked: list[str] = []

    async def work(request: web.Request) -> web.Response:
        worked.append(await request.text())
        return web.json_response({"worked": len(worked), "lag": list_lag(request)})

    def refuse(status: int, operation: str) -> web.Response:
        return web.json_response({"message": f"no {operation}"}, status=status)

    middleware = fault_middleware(panel, lambda _request: Call("work", lists=True), refuse)
    application = web.Application(middlewares=[middleware])
    application.add_routes([web.post("/work", work), *panel_routes(panel)])
    server = GoingOnServer(application)
    await server.start_server()
    yield server
    await server.close()


async def put_rules(server: TestServer, *rules: dict[str, object]) -> None:
    async with aiohttp.ClientSession() as session, session.put(server.make_url("/_faults"), json={"rules": rules}) as r:
        assert r.status == 200


async def test_throttle_and_error_refuse_before_the_effect(server: TestServer) -> None:
    await put_rules(
        server,
        {"fault": "throttle", "every": 1, "limit": 1, "retry_after": 7},
        {"fault": "error_before", "every": 1, "limit": 1},
    )
    async with aiohttp.ClientSession() as session:
        answers = []
        for _ in range(3):
            async with session.post(server.make_url("/work"), data="x") as response:
                answers.append((response.status, response.headers.get("Retry-After"), await response.json()))
    assert answers[0][:2] == (429, "7")
    assert answers[1][0] == 500
    assert answers[2] == (200, None, {"worked": 1, "lag": 0.0})


async def test_reset_cuts_the_connection_before_the_effect(server: TestServer) -> None:
    await put_rules(server, {"fault": "reset_before", "every": 1, "limit": 1})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(server.make_url("/work"), data="x")
        async with session.post(server.make_url("/work"), data="x") as response:
            assert (await response.json())["worked"] == 1


@pytest.mark.parametrize(
    ("rule", "status", "worked"),
    [
        ({"fault": "error_after"}, 500, 1),
        ({"fault": "opaque", "done": True}, 400, 1),
        ({"fault": "opaque", "done": False}, 400, 0),
    ],
)
async def test_an_answer_hides_what_was_done(
    server: TestServer, rule: dict[str, object], status: int, worked: int
) -> None:
    await put_rules(server, {**rule, "every": 1, "limit": 1})
    async with aiohttp.ClientSession() as session:
        async with session.post(server.make_url("/work"), data="x") as response:
            assert (response.status, await response.json()) == (status, {"message": "no work"})
        assert await times_worked(session, server) == worked


async def test_reset_after_cuts_the_connection_when_the_work_is_done(server: TestServer) -> None:
    await put_rules(server, {"fault": "reset_after", "every": 1, "limit": 1})
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(server.make_url("/work"), data="x")
        assert await times_worked(session, server) == 1


@pytest.mark.parametrize(("done", "worked"), [(True, 1), (False, 0)])
async def test_a_call_that_hangs_is_never_answered_and_done_as_the_rule_says(
    server: TestServer, done: bool, worked: int
) -> None:
    await put_rules(server, {"fault": "hang", "every": 1, "limit": 1, "done": done})
    async with aiohttp.ClientSession() as session:
        await give_up(session, server)
        assert await times_worked(session, server) == worked


async def test_a_late_call_is_done_after_its_client_gave_up(server: TestServer) -> None:
    await put_rules(server, {"fault": "late", "every": 1, "limit": 1, "ms": 400})
    async with aiohttp.ClientSession() as session:
        await give_up(session, server)
        assert await times_worked(session, server) == 0
        await asyncio.sleep(0.4)
        assert await times_worked(session, server) == 2  # the late one, and the question before


async def give_up(session: aiohttp.ClientSession, server: TestServer) -> None:
    with pytest.raises(TimeoutError):
        await session.post(server.make_url("/work"), data="x", timeout=aiohttp.ClientTimeout(total=0.2))


async def times_worked(session: aiohttp.ClientSession, server: TestServer) -> int:
    """How often it was done before this question, which counts itself."""
    async with session.post(server.make_url("/work")) as response:
        return int((await response.json())["worked"]) - 1


async def test_lag_reaches_the_handler(server: TestServer) -> None:
    await put_rules(server, {"fault": "list_lag", "every": 1, "seconds": 2.5})
    async with aiohttp.ClientSession() as session, session.post(server.make_url("/work")) as response:
        assert (await response.json())["lag"] == 2.5


async def test_the_panel_shows_rules_and_counters_and_refuses_bad_rules(server: TestServer) -> None:
    await put_rules(server, {"fault": "throttle", "every": 1})
    url = server.make_url("/_faults")
    async with aiohttp.ClientSession() as session:
        await session.post(server.make_url("/work"))
        async with session.post(url, json={"rules": [{"fault": "nope"}]}) as refused:
            assert refused.status == 400
            assert "'fault' must be one of" in (await refused.json())["message"]
        async with session.get(url) as state:
            shown = await state.json()
        assert shown["fired"]["throttle"] == 1
        assert shown["rules"][0]["eligible"] == 1
        async with session.delete(url) as cleared:
            assert (await cleared.json())["rules"] == []

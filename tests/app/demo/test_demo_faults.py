from __future__ import annotations

import tomllib
from collections import defaultdict
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.demo import faults, programs
from app.demo.faults import Panels
from app.sandbox.faults import UNTOLD, Call, Fault, FaultPanel, Rule
from app.sandbox.striking import panel_routes

LACKS = {"magento": frozenset[Fault](), "heartland": frozenset({Fault.OPAQUE})}
SYSTEMS = pytest.mark.parametrize("system", programs.SYSTEMS)


def panel_of(system: str, *, webhooks: bool = True) -> FaultPanel:
    panel = FaultPanel(seed=1, lacks=LACKS[system])
    panel.replace([Rule.parse(rule) for rule in faults.rules(system, faults=True, webhooks=webhooks)])
    return panel


@SYSTEMS
def test_each_fault_that_the_system_has_is_among_the_demos(system: str) -> None:
    there = {Rule.parse(rule).fault for rule in faults.rules(system, faults=True, webhooks=True)}
    assert there == set(Fault) - LACKS[system]


@SYSTEMS
def test_faults_that_strike_after_the_effect_spare_the_shop(system: str) -> None:
    panel = panel_of(system)
    for operation in ("place_order", *faults.ROUTES[system]):
        for _ in range(100):
            panel.strike_call("POST", "/rest/V1/x", Call(operation, client="Python/3.11 aiohttp/3"))
    assert not any(panel.fired[fault] for fault in UNTOLD)


@pytest.mark.parametrize(("system", "operation"), [(s, o) for s, routes in faults.ROUTES.items() for o in routes])
def test_each_of_our_mutations_meets_each_fault(system: str, operation: str) -> None:
    panel = panel_of(system)
    struck: dict[Fault, set[bool]] = defaultdict(set)
    for _ in range(6 * faults.ROUTES[system][operation]):
        answer = panel.strike_call("POST", "/rest/V1/x", Call(operation, client="tillstream")).answer
        if answer is not None and answer.fault in UNTOLD:
            struck[answer.fault].add(answer.done)
    assert set(struck) == set(UNTOLD) - LACKS[system]
    assert struck[Fault.HANG] == {True, False}


def demo_settings() -> dict[str, Any]:
    addresses = programs.Addresses("k", "p", "m", "h", "i")
    opened_by = {system: programs.credentials(system) for system in programs.SYSTEMS}
    return tomllib.loads(programs.settings_toml(addresses, opened_by, {programs.WEB: "a", programs.POS: "b"}))


def test_a_late_effect_lands_after_the_clients_time_out_and_within_the_longest_execution() -> None:
    settings = demo_settings()
    for connection in settings["connections"].values():
        http = connection["http"]
        assert http["timeout_seconds"] * 1000 < faults.LATE_MS < http["longest_execution_seconds"] * 1000


def test_a_list_lags_less_than_a_look_up_allows_for() -> None:
    settings = demo_settings()
    (lag,) = (float(rule["seconds"]) for rule in faults.BEFORE if rule["fault"] == "list_lag")
    assert all(lag < connection["http"]["lookup_lag_seconds"] for connection in settings["connections"].values())


async def test_what_a_panel_told_last_counts_while_it_does_not_answer() -> None:
    panel = FaultPanel(seed=1)
    application = web.Application()
    application.add_routes(panel_routes(panel))
    server = TestServer(application)
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        panels = Panels(session, {"magento": str(server.make_url("")).rstrip("/")})
        await panels.put(faults=False, webhooks=False)
        panel.strike_webhook("order")
        assert (await panels.fired())["magento"]["webhook_lost"] == 1
        await server.close()
        assert (await panels.fired())["magento"]["webhook_lost"] == 1


def test_no_capture_is_refused_for_a_hidden_reason_without_being_done() -> None:
    """That is a declined card, which waits for a person: the demo would rightly never balance."""
    panel = panel_of("magento")
    for _ in range(20 * faults.ROUTES["magento"]["invoice_order"]):
        answer = panel.strike_call("POST", "/rest/V1/x", Call("invoice_order", client="tillstream")).answer
        assert answer is None or answer.fault is not Fault.OPAQUE or answer.done

"""What a flow waits for before it may be launched, and which ways it goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import pytest

from schemas.documents import Channel, FlowDocument
from schemas.documents.flow import Mode
from streams.channels import Channels
from streams.engine import load
from streams.launch.load_order import missing, unfit
from streams.launch.report import Place, Tally
from streams.launch.ways import ways_of
from streams.ports import Way

SYSTEMS = {"web": "magento", "web2": "magento", "pos": "heartland", "crm": "webhook"}
CHANNELS = Channels(
    Channel(name=f"of {web}", web=web, pos="pos", prefix="W-", location="MAIN") for web in ("web", "web2")
)
KNOWN = load().flows
NAMES = tuple(KNOWN)


def flows(*observing: str, names: Collection[str] = NAMES) -> dict[str, FlowDocument]:
    modes = {name: Mode.OBSERVE if name in observing else Mode.LIVE for name in names}
    return {name: flow.model_copy(update={"mode": modes.get(name, flow.mode)}) for name, flow in KNOWN.items()}


def ways(known: dict[str, FlowDocument]) -> list[Way]:
    return [way for flow in known.values() for way in ways_of(flow, known, SYSTEMS, CHANNELS)]


def reasons(
    flow: str, launched: Collection[Way], *observing: str, reports: Mapping[Place, Tally] = MappingProxyType({})
) -> list[str]:
    known = flows(*observing)
    return missing(known[flow], list(known.values()), ways(known), launched, reports)


def all_of(*names: str) -> list[Way]:
    return [way for way in ways(flows()) if way.flow in names]


@pytest.mark.rule("starting.load_order")
def test_loading_goes_products_stock_customers_orders_then_the_rest() -> None:
    launched: list[Way] = []
    for names in (
        ["product"],
        ["stock"],
        ["customer_to_pos", "customer_to_web"],
        ["order"],
        [name for name in NAMES if name not in ("product", "stock", "customer_to_pos", "customer_to_web", "order")],
    ):
        later = [name for name in NAMES if name not in names and all_of(name)[0] not in launched]
        for name in names:
            assert reasons(name, launched) == [], name
        for name in later:
            assert reasons(name, launched), f"{name} before {names}"
        launched += all_of(*names)


def test_what_is_missing_is_named_with_its_command() -> None:
    assert reasons("stock", [Way("product", "pos", "web")]) == [
        "'product from pos to web2' comes before it, and is not launched: tillstream launch product"
    ]


@pytest.mark.rule("starting.gated_by_report")
def test_a_clean_report_of_what_comes_before_opens_the_next_step() -> None:
    clean: dict[Place, Tally] = {("product", web): Tally(create=3, skip=1) for web in ("web", "web2")}
    assert reasons("stock", [], reports=clean) == []
    only_one = {("product", "web"): Tally(create=3)}
    assert reasons("stock", [], reports=only_one) == [
        "'product from pos to web2' comes before it, and is not launched: tillstream launch product"
    ]


@pytest.mark.rule("starting.gated_by_report")
def test_a_report_with_something_to_decide_keeps_the_next_step_closed() -> None:
    open_ones = {("product", web): Tally(create=3, review=2) for web in ("web", "web2")}
    first, _ = reasons("stock", [], reports=open_ones)
    assert first == (
        "'product from pos to web' comes before it, and 2 of its report wait for a person: tillstream observe product "
        "--csv DIRECTORY, then: tillstream launch product"
    )
    assert reasons("stock", all_of("product"), reports=open_ones) == []


def test_a_flow_that_the_shop_does_not_use_is_not_waited_for() -> None:
    assert reasons("order", [], "product", "stock", "customer_to_pos", "customer_to_web") == []


def test_a_flow_that_the_settings_let_observe_cannot_be_launched() -> None:
    known = flows("product")
    assert "let it only observe: set flows.product.mode = 'live'" in unfit(known["product"], ways(known))
    off = known["product"].model_copy(update={"mode": Mode.OFF})
    assert "keep it off: set flows.product.mode = 'live'" in unfit(off, ways(known))
    assert unfit(flows()["product"], ways(known)) == ""


def test_a_flow_without_a_channel_says_so() -> None:
    known = flows()
    assert "no channel joins" in unfit(known["product"], [])


def test_a_flow_goes_only_between_connections_that_a_channel_joins() -> None:
    known = flows()
    assert ways_of(known["order"], known, SYSTEMS, CHANNELS) == [
        Way("order", "web", "pos"),
        Way("order", "web2", "pos"),
    ]
    assert ways_of(known["stock"], known, SYSTEMS, Channels([])) == []


def test_a_receiver_is_told_by_every_source_of_what_it_reads_and_waits_for_nothing() -> None:
    known = flows()
    deliver = known["order"].deliver.model_copy(update={"target": "webhook"})
    told = known["order"].model_copy(update={"id": "crm_orders", "normalize": None, "deliver": deliver})
    known["crm_orders"] = told
    own = ways_of(told, known, SYSTEMS, CHANNELS)
    assert own == [Way("crm_orders", "web", "crm"), Way("crm_orders", "web2", "crm")]
    assert missing(told, list(known.values()), [*ways(known)], [], {}) == []

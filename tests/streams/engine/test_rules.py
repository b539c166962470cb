"""Validation rules of a flow: what they find, and what becomes of the entity."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import Severity, ValidationRule
from streams.engine import DocumentError, Engine, Finding, Rules, load
from streams.engine.builtins import FUNCTIONS
from streams.engine.checks import present, totals_add_up
from streams.engine.rules import decided
from streams.errors import Rejected
from tests.streams.sale.real_orders import context, order, sale

FLOWS = Path(__file__).parents[3] / "streams" / "flows"


def rule(**changes: Any) -> dict[str, Any]:
    return {"id": "email", "check": "present(email)", "severity": "review", "message": "no e-mail"} | changes


def found(values: dict[str, Any], *rules: dict[str, Any], known: dict[str, Any] | None = None) -> list[Finding]:
    compiled = Rules([ValidationRule.model_validate(each) for each in rules], "order.yaml", FUNCTIONS)
    return compiled.findings(values, known or {})


def test_a_rule_that_holds_finds_nothing() -> None:
    assert found({"email": "ann@example.com"}, rule()) == []
    assert found({"email": " "}, rule()) == [Finding("email", Severity.REVIEW, "no e-mail")]


def test_a_rule_counts_only_when_its_condition_holds() -> None:
    assert found({"guest": True}, rule(when="!guest")) == []
    assert len(found({"guest": False}, rule(when="!guest"))) == 1


def test_a_message_tells_the_entitys_values_and_what_the_stage_knows() -> None:
    message = "{number}: {totals.total} {currency} is not in {context.channel.currency}; {nothing}"
    values = {"number": "42", "totals": {"total": 7}, "currency": "EUR"}
    told = found(values, rule(check="`false`", message=message), known={"channel": {"currency": "USD"}})
    assert told[0].message == "42: 7 EUR is not in USD; (none)"


def test_a_check_may_ask_the_context() -> None:
    check = rule(check="currency == context('channel.currency')")
    assert found({"currency": "USD"}, check, known={"channel": {"currency": "USD"}}) == []
    assert len(found({"currency": "EUR"}, check, known={"channel": {"currency": "USD"}})) == 1


def test_amounts_are_compared_as_numbers() -> None:
    check = rule(check="number(total) > `10`")
    assert found({"total": "10.01"}, check) == []
    assert len(found({"total": "9.99"}, check)) == 1


@pytest.mark.parametrize("check", ["length(total)", "number(name)", "totals_add_up(@)"])
def test_a_rule_that_cannot_be_checked_does_not_hold(check: str) -> None:
    told = found({"total": 7, "name": "Ann"}, rule(check=check, severity="warn"))
    assert told[0].severity is Severity.WARN
    assert told[0].message.startswith("no e-mail (the rule cannot be checked: ")


# -- What becomes of the entity --------------------------------------------------------------------------------------

REJECT, REVIEW, OTHER, WARN = (
    Finding("totals", Severity.REJECT, "it does not add up"),
    Finding("country", Severity.REVIEW, "there is no country XX"),
    Finding("street", Severity.REVIEW, "it has no street"),
    Finding("email", Severity.WARN, "it has no e-mail"),
)


def test_a_warning_lets_the_entity_go_on_and_is_told() -> None:
    assert decided([WARN], "order 42") == "it has no e-mail"
    assert decided([], "order 42") == ""


def test_a_review_holds_the_entity_until_a_person_lets_it_go_on() -> None:
    with pytest.raises(Rejected) as caught:
        decided([REVIEW, OTHER, WARN], "order 42")
    assert caught.value.code == "country"
    assert caught.value.message == (
        "order 42: there is no country XX (rule 'country'); it has no street (rule 'street'). "
        "Replay to let it go on as it is, or discard it"
    )
    gone_on = "there is no country XX; it has no street; it has no e-mail"
    assert decided([REVIEW, OTHER, WARN], "order 42", approved="country") == gone_on


def test_a_replay_for_another_reason_approves_nothing() -> None:
    for code in ("no_channel", "email", ""):
        with pytest.raises(Rejected, match="rule 'country'"):
            decided([REVIEW, WARN], "order 42", approved=code)


def test_a_rejection_is_not_approved_by_a_replay() -> None:
    for code in ("totals", "country", ""):
        with pytest.raises(Rejected, match=r"order 42: it does not add up \(rule 'totals'\)\. Mend it") as caught:
            decided([REVIEW, REJECT], "order 42", approved=code)
        assert caught.value.code == "totals"


# -- In a flow -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([rule(check="evil(@)")], r"rules\[0\]\.check: .*there is no function 'evil'"),
        ([rule(when="x =")], r"rules\[0\]\.when: "),
        ([rule(severity="ignore")], r"rules\[0\]\.severity"),
        ([rule(), rule()], "there are two rules 'email'"),
        ([rule(chek="x")], r"rules\[0\]\.chek"),
    ],
)
def test_a_wrong_rule_is_refused_when_it_is_loaded(tmp_path: Path, rules: list[Any], problem: str) -> None:
    values = yaml.safe_load((FLOWS / "order.yaml").read_text("utf-8")) | {"rules": rules}
    (tmp_path / "order.yaml").write_text(yaml.safe_dump(values), "utf-8")
    with pytest.raises(DocumentError, match=problem):
        load(tmp_path)


def test_a_flow_that_makes_nothing_has_nothing_to_check(tmp_path: Path) -> None:
    values = yaml.safe_load((FLOWS / "order.yaml").read_text("utf-8"))
    del values["normalize"]
    (tmp_path / "order.yaml").write_text(yaml.safe_dump(values), "utf-8")
    with pytest.raises(DocumentError, match="put them into the flow that makes it"):
        load(tmp_path)


ENGINE = Engine(load())


@pytest.mark.parametrize("name", ["order_complete", "order_pickup_bopis", "order_virtual", "order_gift_card_paid"])
def test_real_orders_keep_the_rules_of_the_order_flow(name: str) -> None:
    made = sale(order(name))
    assert ENGINE.check("order", made, context(order(name)), "order 42") == ""


def test_an_order_to_nowhere_waits_for_a_person() -> None:
    made = sale(order("order_complete"))
    assert made.shipping_address is not None
    nowhere = made.model_copy(update={"shipping_address": made.shipping_address.model_copy(update={"country": "XX"})})
    with pytest.raises(Rejected, match="it ships to the country 'XX', which there is not") as caught:
        ENGINE.check("order", nowhere, {}, "order 42")
    assert caught.value.code == "country"
    assert "'XX'" in ENGINE.check("order", nowhere, {}, "order 42", approved="country")


@pytest.mark.rule("orders.invariant")
@given(st.sampled_from(["total", "due", "canceled"]), st.decimals(min_value="0.01", max_value=100, places=2))
def test_totals_off_by_a_cent_or_more_are_noticed(key: str, by: Any) -> None:
    values = sale(order("order_complete")).model_dump(mode="json")
    assert totals_add_up(values)
    values["totals"][key] = str(Decimal(values["totals"][key]) + by)
    assert not totals_add_up(values)


@pytest.mark.parametrize("value", [0, False, "x", [0]])
def test_a_mandatory_field_says_something(value: object) -> None:
    assert present(value)


@pytest.mark.parametrize("value", [None, "", " ", [], {}])
def test_a_field_that_says_nothing_is_missing(value: object) -> None:
    assert not present(value)

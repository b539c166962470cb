"""Every mutation is declared, and what is declared is what is built."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace

import pytest

from streams.deliver import order_status, sale
from streams.deliver.operations import (
    ADD_COMMENT,
    CREATE_ORDER,
    OPERATIONS,
    WRITE_SOURCE_ITEMS,
    Operation,
    OperationKind,
)
from tests.streams.deliver.effect_bench import Bench

NO_LOOKUP = replace(CREATE_ORDER, lookup=None)


def test_what_is_delivered_through_the_ledger_is_declared_as_made_once() -> None:
    built = {
        call.args[0].id
        for module in (sale, order_status)
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Step"
        if isinstance(call.args[0], ast.Name)
    }
    declared = {name.upper() for name, one in OPERATIONS.items() if one.kind is OperationKind.CREATE_ONCE}
    assert built <= declared


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_says_what_can_still_go_wrong_and_only_what_is_made_once_is_looked_up(
    operation: Operation,
) -> None:
    assert operation.window
    assert (operation.lookup is not None) <= (operation.kind is OperationKind.CREATE_ONCE)


@pytest.mark.rule("guards.effects_declare_mail")
def test_whatever_magento_may_write_to_the_customer_about_is_declared_so() -> None:
    assert {name for name, one in OPERATIONS.items() if one.mails} == {
        "create_account",
        "invoice_order",
        "notify_customer",
        "ready_for_pickup",
        "refund_offline",
        "refund_online",
        "ship_order",
    }


def test_a_step_with_a_look_up_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="create_order is declared without a look-up"):
        replace(Bench().step(), operation=NO_LOOKUP)


def test_a_step_without_its_declared_look_up_is_refused() -> None:
    with pytest.raises(ValueError, match="create_order is looked up by orders by the number"):
        replace(Bench().step(), find=None)


def test_a_step_without_a_look_up_is_built_where_none_is_declared() -> None:
    assert replace(Bench().step(), operation=NO_LOOKUP, find=None).find is None


def test_a_set_state_is_not_sent_through_the_ledger() -> None:
    with pytest.raises(ValueError, match="write_source_items sets a value"):
        replace(Bench().step(), operation=WRITE_SOURCE_ITEMS)


def test_the_ledgers_key_names_the_operation() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="add_comment under the key of create_order"):
        replace(bench.effect(), steps=(replace(bench.step(), operation=ADD_COMMENT),))


@pytest.mark.parametrize("names", [[], ["", ""], ["one"], ["", "one", "one"]])
def test_steps_that_the_ledger_could_not_tell_apart_are_refused(names: list[str]) -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="only the first may have no name"):
        replace(bench.effect(), steps=tuple(replace(bench.step(), name=name) for name in names))

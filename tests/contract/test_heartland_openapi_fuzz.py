"""The sandbox keeps to its contract, whatever is asked.

schemathesis makes requests of every operation from the document alone, right ones and wrong ones, and checks each
answer against it. The right ones are given SKUs, ids and sums that exist, so that they reach the state behind.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode

from app.sandbox.heartland.sums import charged
from app.sandbox.run import start_heartland
from app.sandbox.server import SandboxHandle, SandboxOptions

SCHEMA = schemathesis.openapi.from_path("schemas/heartland/openapi.yaml")
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())}

TAKES_NOTHING = "GET /v1/openapi.yaml"
"""No request of it can be wrong."""

pytestmark = pytest.mark.slow

BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
MUCH = 1_000_000

NOT_CHECKED = [
    # A right request may name an order or a SKU that is not there; `settle` is our own, stricter form of this check.
    schemathesis.checks.positive_data_acceptance,
    # Deletes and reads of one resource are followed in the sandbox's own tests.
    schemathesis.checks.use_after_free,
    schemathesis.checks.ensure_resource_availability,
]


@dataclass
class Account:
    """A running sandbox with one of everything."""

    url: str
    credentials: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        form = {"grant_type": "client_credentials", **self.credentials}
        answer = requests.post(f"{self.url}/oauth/token", data=form, timeout=10)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        order = {
            "OrderDate": "2026-08-31T12:00:00Z",
            "TotalAmount": MUCH,
            "Currency": "USD",
            "LocationID": "MAIN",
            "LineItems": [{"SKU": "SKU-00002", "Quantity": MUCH, "Price": 1}],
            "BalanceDue": MUCH,
        }
        card = {"Number": "CARD-0001", "Balance": MUCH, "Currency": "USD"}
        self.ids["OrderID"] = self._create("/v1/orders", order)["OrderID"]
        self.ids["GiftCardID"] = self._create("/v1/gift-cards", card)["GiftCardID"]
        hold = {"Amount": 1, "Currency": "USD"}
        self.ids["HoldID"] = self._create(f"/v1/gift-cards/{self.ids['GiftCardID']}/holds", hold)["HoldID"]
        payment = {"Kind": "Sale", "Type": "Cash", "Amount": 1, "Currency": "USD"}
        self.ids["PaymentID"] = self._create("/v1/payments", payment)["PaymentID"]
        webhook = {"URL": "http://127.0.0.1:9/{entity}", "Events": ["payment.succeeded"]}
        self.ids["WebhookID"] = self._create("/v1/webhooks", webhook)["WebhookID"]
        self.ids |= {"CustomerID": "Web guest", "SKU": "SKU-00002", "LocationID": "MAIN", "Currency": "USD"}

    def _create(self, path: str, body: Any) -> dict[str, Any]:
        answer = requests.post(self.url + path, json=body, headers=self.headers, timeout=10)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The sandbox on a thread of its own: schemathesis asks synchronously."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    options = SandboxOptions(database=_database(tmp_path_factory), skus=20)
    handle: SandboxHandle = asyncio.run_coroutine_threadsafe(start_heartland(options), loop).result(30)
    account = Account(handle.url, dict(handle.credentials))
    try:
        account.prepare()
        yield account
    finally:
        asyncio.run_coroutine_threadsafe(_stop(handle), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(handle: SandboxHandle) -> None:
    await handle.stop()


def _database(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("heartland") / "heartland.sqlite"


def settle(case: Case, account: Account) -> None:
    """Let a right request name what exists, and add up."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = account.ids.get(name, "1")
    body = case.body
    if not isinstance(body, dict):
        return
    _name_what_exists(body, account.ids)
    if "LineItems" in body:
        body.pop("PaymentStatus", None)
        body["Tenders"] = []
        whole = {"Shipping": {}, "Fees": [], **body}
        body["TotalAmount"] = body["BalanceDue"] = max(float(charged(whole)), 0.0)
    if "Kind" in body:
        body.pop("ParentPaymentID", None)
        body |= {"Kind": "Sale", "Type": "Cash", "Amount": 0.01}
    if set(body) >= {"Amount", "Currency"}:
        body["Amount"] = 0.01
    if "grant_type" in body:
        body |= account.credentials | {"scope": "read write"}
    body.pop("Refunds", None)
    body.pop("Shipments", None)


def _name_what_exists(value: Any, ids: dict[str, str]) -> None:
    if isinstance(value, list):
        for item in value:
            _name_what_exists(item, ids)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ids and isinstance(item, str):
                value[name] = ids[name]
            elif isinstance(item, float):
                value[name] = max(round(item, 2), 0.01)
            _name_what_exists(item, ids)


@pytest.mark.parametrize("label", OPERATIONS)
def test_right_requests_are_answered_as_documented(account: Account, label: str) -> None:
    statuses = set()

    @BOUNDED
    @given(case=OPERATIONS[label].as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case: Case) -> None:
        settle(case, account)
        answer = case.call_and_validate(base_url=account.url, headers=account.headers, excluded_checks=NOT_CHECKED)
        statuses.add(answer.status_code)

    ask()
    assert any(status < 300 for status in statuses), f"no request reached the state behind: {statuses}"


@pytest.mark.parametrize("label", [label for label in OPERATIONS if label != TAKES_NOTHING])
def test_wrong_requests_are_refused_as_documented(account: Account, label: str) -> None:
    @BOUNDED
    @given(case=OPERATIONS[label].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Case) -> None:
        case.call_and_validate(base_url=account.url, headers=account.headers, excluded_checks=NOT_CHECKED)

    ask()

"""Gift cards: the account is their ledger. Money is held for a sale, then spent or released."""

from __future__ import annotations

import sqlite3

from app.sandbox.heartland.account import CURRENCY, Account, Call, Created
from app.sandbox.heartland.errors import invalid, not_found
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.values import Json, decimal, text

HELD, COMMITTED = "Held", "Committed"
FIRST_CARD_ID = 700_001
FIRST_HOLD_ID = 800_001
FIRST_CREDIT_ID = 900_001


def list_gift_cards(account: Account, call: Call) -> Json:
    """GET /v1/gift-cards."""
    return list_page(account, call, CARDS)


def get_gift_card(account: Account, call: Call) -> Json:
    """GET /v1/gift-cards/{GiftCardID}."""
    return _show_card(_card(account, call))


def find_gift_card(account: Account, call: Call) -> Json:
    """POST /v1/gift-cards/lookup."""
    row = account.one("SELECT * FROM gift_cards WHERE number = ?", call.body["Number"])
    if row is None:
        raise not_found("A gift card of this number")
    return _show_card(row)


def create_gift_card(account: Account, call: Call) -> Created:
    """POST /v1/gift-cards."""
    body = call.body
    problems = _wrong_currency(body)
    if account.one("SELECT 1 FROM gift_cards WHERE number = ?", body["Number"]) is not None:
        problems["Number"] = "is another card's"
    if problems:
        raise invalid(problems)
    card_id = account.next_id("gift_cards", "gift_card_id", FIRST_CARD_ID)
    call.resource_key = body.get("ExternalID", str(card_id))
    account.connection.execute(
        "INSERT INTO gift_cards(gift_card_id, external_id, number, balance, held, updated_at)"
        " VALUES (?, ?, ?, ?, '0', ?)",
        (card_id, body.get("ExternalID", ""), body["Number"], text(body["Balance"]), call.now),
    )
    return Created(_show_card(_card_row(account, card_id)), f"/v1/gift-cards/{card_id}")


def list_gift_card_holds(account: Account, call: Call) -> Json:
    """GET /v1/gift-cards/{GiftCardID}/holds."""
    card = _card(account, call)
    return list_page(account, call, HOLDS, {"gift_card_id": card["gift_card_id"]})


def get_gift_card_hold(account: Account, call: Call) -> Json:
    """GET /v1/gift-cards/{GiftCardID}/holds/{HoldID}."""
    return _show_hold(_hold(account, call))


def create_gift_card_hold(account: Account, call: Call) -> Created:
    """POST /v1/gift-cards/{GiftCardID}/holds."""
    card, amount = _card(account, call), call.body["Amount"]
    problems = _wrong_currency(call.body)
    available = decimal(card["balance"]) - decimal(card["held"])
    if amount > available:
        problems["Amount"] = f"only {available:.2f} is available"
    if problems:
        raise invalid(problems)
    hold_id = account.next_id("gift_card_holds", "hold_id", FIRST_HOLD_ID)
    call.resource_key = call.body.get("ExternalID", str(hold_id))
    account.connection.execute(
        "INSERT INTO gift_card_holds(hold_id, gift_card_id, external_id, status, amount, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (hold_id, card["gift_card_id"], call.body.get("ExternalID", ""), HELD, text(amount), call.now),
    )
    held = decimal(card["held"]) + amount
    _write_card(account, call, card, balance=card["balance"], held=text(held))
    return Created(
        _show_hold(_hold_row(account, card["gift_card_id"], hold_id)),
        f"/v1/gift-cards/{card['gift_card_id']}/holds/{hold_id}",
    )


def update_gift_card_hold(account: Account, call: Call) -> Json:
    """PUT /v1/gift-cards/{GiftCardID}/holds/{HoldID}: spend the money or let it go."""
    card, hold, status = _card(account, call), _hold(account, call), call.body["Status"]
    call.resource_key = hold["external_id"] or str(hold["hold_id"])
    if hold["status"] == status:
        return _show_hold(hold)
    if hold["status"] != HELD:
        raise invalid({"Status": f"the hold is {hold['status']} and stays so"})
    account.connection.execute(
        "UPDATE gift_card_holds SET status = ?, updated_at = ? WHERE hold_id = ?", (status, call.now, hold["hold_id"])
    )
    amount = decimal(hold["amount"])
    spent = amount if status == COMMITTED else 0
    balance, held = decimal(card["balance"]) - spent, decimal(card["held"]) - amount
    _write_card(account, call, card, balance=text(balance), held=text(held))
    return _show_hold(_hold_row(account, card["gift_card_id"], hold["hold_id"]))


def list_gift_card_credits(account: Account, call: Call) -> Json:
    """GET /v1/gift-cards/{GiftCardID}/credits."""
    card = _card(account, call)
    return list_page(account, call, CREDITS, {"gift_card_id": card["gift_card_id"]})


def create_gift_card_credit(account: Account, call: Call) -> Created:
    """POST /v1/gift-cards/{GiftCardID}/credits."""
    card, amount = _card(account, call), call.body["Amount"]
    if problems := _wrong_currency(call.body):
        raise invalid(problems)
    credit_id = account.next_id("gift_card_credits", "credit_id", FIRST_CREDIT_ID)
    call.resource_key = call.body.get("ExternalID", str(credit_id))
    account.connection.execute(
        "INSERT INTO gift_card_credits(credit_id, gift_card_id, external_id, amount, updated_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (credit_id, card["gift_card_id"], call.body.get("ExternalID", ""), text(amount), call.now),
    )
    balance = decimal(card["balance"]) + amount
    _write_card(account, call, card, balance=text(balance), held=card["held"])
    row = account.one("SELECT * FROM gift_card_credits WHERE credit_id = ?", credit_id)
    if row is None:
        raise not_found(f"Credit '{credit_id}'")
    return Created(_show_credit(row), f"/v1/gift-cards/{card['gift_card_id']}/credits/{credit_id}")


def _write_card(account: Account, call: Call, card: sqlite3.Row, *, balance: str, held: str) -> None:
    account.connection.execute(
        "UPDATE gift_cards SET balance = ?, held = ?, updated_at = ? WHERE gift_card_id = ?",
        (balance, held, call.now, card["gift_card_id"]),
    )


def _wrong_currency(body: Json) -> dict[str, str]:
    return {} if body["Currency"] == CURRENCY else {"Currency": f"this account sells in {CURRENCY}"}


def _card(account: Account, call: Call) -> sqlite3.Row:
    return _card_row(account, int(call.params["GiftCardID"]))


def _card_row(account: Account, card_id: int) -> sqlite3.Row:
    row = account.one("SELECT * FROM gift_cards WHERE gift_card_id = ?", card_id)
    if row is None:
        raise not_found(f"Gift card '{card_id}'")
    return row


def _hold(account: Account, call: Call) -> sqlite3.Row:
    return _hold_row(account, int(call.params["GiftCardID"]), int(call.params["HoldID"]))


def _hold_row(account: Account, card_id: int, hold_id: int) -> sqlite3.Row:
    row = account.one("SELECT * FROM gift_card_holds WHERE gift_card_id = ? AND hold_id = ?", card_id, hold_id)
    if row is None:
        raise not_found(f"Hold '{hold_id}'")
    return row


def _show_card(row: sqlite3.Row) -> Json:
    balance, held = decimal(row["balance"]), decimal(row["held"])
    return {
        "GiftCardID": str(row["gift_card_id"]),
        "ExternalID": row["external_id"] or None,
        "LastFour": row["number"][-4:],
        "Balance": balance,
        "Held": held,
        "Available": balance - held,
        "Currency": CURRENCY,
        "UpdatedAt": row["updated_at"],
    }


def _show_hold(row: sqlite3.Row) -> Json:
    return {
        "HoldID": str(row["hold_id"]),
        "GiftCardID": str(row["gift_card_id"]),
        "ExternalID": row["external_id"] or None,
        "Status": row["status"],
        "Amount": decimal(row["amount"]),
        "Currency": CURRENCY,
        "UpdatedAt": row["updated_at"],
    }


def _show_credit(row: sqlite3.Row) -> Json:
    return {
        "CreditID": str(row["credit_id"]),
        "GiftCardID": str(row["gift_card_id"]),
        "ExternalID": row["external_id"] or None,
        "Amount": decimal(row["amount"]),
        "Currency": CURRENCY,
        "UpdatedAt": row["updated_at"],
    }


CARDS = Listing("gift_cards", "gift_card_id", _show_card)
HOLDS = Listing("gift_card_holds", "hold_id", _show_hold)
CREDITS = Listing("gift_card_credits", "credit_id", _show_credit)
HANDLERS = (
    list_gift_cards,
    create_gift_card,
    find_gift_card,
    get_gift_card,
    list_gift_card_holds,
    create_gift_card_hold,
    get_gift_card_hold,
    update_gift_card_hold,
    list_gift_card_credits,
    create_gift_card_credit,
)

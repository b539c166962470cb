"""Gift card accounts, which only Commerce as a Cloud Service has routes for. The sandbox's Commerce edition is one."""

from __future__ import annotations

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.listing import list_documents
from app.sandbox.magento.routing import COMMERCE, Route
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.typed import read_parameters

RESOURCE = "Magento_GiftCardAccount::giftcardaccount"


def get_gift_card_account(shop: Shop, call: Call) -> Json:
    """GET /V1/giftcardaccounts/:id."""
    return _account(shop, call.params["id"])


def list_gift_card_accounts(shop: Shop, call: Call) -> Json:
    """GET /V1/giftcardaccounts."""
    rows = shop.connection.execute("SELECT account_id FROM gift_cards ORDER BY account_id").fetchall()
    return list_documents(shop, call, [_account(shop, str(row["account_id"])) for row in rows])


def update_gift_card_account(shop: Shop, call: Call) -> Json:
    """PUT /V1/giftcardaccounts/:id: what is sent replaces what is there, the balance too; nothing is compared."""
    account_id = call.params["id"]
    call.resource_key = account_id
    _account(shop, account_id)
    sent = read_parameters(call.body, {"giftcardAccount": "GiftCardAccountData"})["giftcardAccount"]
    if sent.get("balance") is not None:
        balance = str(decimal(sent["balance"]))
        shop.connection.execute("UPDATE gift_cards SET balance = ? WHERE account_id = ?", (balance, account_id))
    return _account(shop, account_id)


def _account(shop: Shop, account_id: str) -> Json:
    row = shop.one("SELECT * FROM gift_cards WHERE account_id = ?", account_id)
    if row is None:
        raise RestError(
            404, "No such entity with %fieldName = %fieldValue", {"fieldName": "id", "fieldValue": account_id}
        )
    balance = decimal(row["balance"])
    return {
        "giftcardaccount_id": row["account_id"],
        "code": row["code"],
        "status": 1,
        "state": 0 if balance else 1,
        "balance": number(balance),
    }


ROUTES = (
    Route("GET", "/V1/giftcardaccounts", RESOURCE, list_gift_card_accounts, edition=COMMERCE),
    Route("GET", "/V1/giftcardaccounts/:id", RESOURCE, get_gift_card_account, edition=COMMERCE),
    Route("PUT", "/V1/giftcardaccounts/:id", RESOURCE, update_gift_card_account, edition=COMMERCE),
)

"""E-mail addresses, for matching and for nothing else: people change them and share them."""

from __future__ import annotations

import unicodedata


def normal_email(written: str, *, fold_tags: bool = False) -> str:
    """The form of an address in which equal mailboxes compare equal; empty if it is none.

    Case does not count: Magento refuses a second account on a website that differs in case only. A ``+tag`` does: to
    Magento ``ann+work@`` is another account, many providers deliver it to another mailbox, and two accounts taken for
    one person are harder to part than two profiles are to join.

    Args:
        written: as the customer wrote it.
        fold_tags: leave out a ``+tag``, for a shop that knows its customers use them as aliases.
    """
    local, at, domain = unicodedata.normalize("NFC", written).strip().casefold().rpartition("@")
    if fold_tags:
        local = local.split("+", 1)[0]
    return f"{local}{at}{domain}" if local and domain else ""

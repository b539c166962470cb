"""The command that gives a web SKU its name in the point of sale, as operators are told it."""

from __future__ import annotations


def alias_command(sku: str, pos: str, channel: str, *, replace: bool) -> str:
    """What to type; the point of sale's SKU is left to fill in.

    Args:
        sku: the web store's SKU.
        pos: connection of the point of sale.
        channel: name of a channel that joins the two; empty if there is none any more.
        replace: whether it has an alias that is wrong.
    """
    options = (f" --channel {channel}" if channel else "") + (" --replace" if replace else "")
    return f"tillstream alias '{sku}' '<SKU in {pos}>'{options}"

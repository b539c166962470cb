"""The command that gives a web SKU its name in the point of sale, as operators are told it."""

from __future__ import annotations


def alias_command(sku: str, pos: str, channel: str, *, replace: bool, pos_sku: str = "") -> str:
    """What to type.

    Args:
        sku: the web store's SKU.
        pos: connection of the point of sale.
        channel: name of a channel that joins the two; empty if there is none any more.
        replace: whether it has an alias that is wrong.
        pos_sku: the point of sale's; left to fill in if nobody knows it.
    """
    options = (f" --channel {channel}" if channel else "") + (" --replace" if replace else "")
    return f"tillstream alias '{sku}' '{pos_sku or f'<SKU in {pos}>'}'{options}"

"""``tillstream store migrate``."""

from __future__ import annotations

from app.commands.store import say
from app.settings import Settings
from app.store import migrate
from app.store.migrations import head


async def bring_up_to_date(settings: Settings) -> int:
    """Make this version's tables. Returns 0. Raises Unavailable if PostgreSQL does not answer."""
    await migrate(settings.store.whole_url)
    say(f"the store has the tables of version {head()}")
    return 0

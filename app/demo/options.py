"""What the demo is asked for, by ``DEMO_*`` environment variables (``make demo DEMO_SECONDS=60 ...``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class OptionError(ValueError):
    """A DEMO_ variable has a value that the demo cannot use."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The demo's options.

    Attributes:
        directory: where everything of the demo lies; emptied at the start.
        seconds: how long the shop trades; 0 = until Ctrl-C.
        workers: processes of each worker role.
        faults: both sandboxes misbehave.
        kills: the demo kills one worker of each role and freezes one that delivers, while the shop trades.
        webhooks: False loses every webhook, so that polling alone must balance.
        skus: sellable SKUs in the catalogue.
        orders_per_second, changes_per_second: how fast the shop trades.
        seed: of catalogue, shop and faults.
    """

    directory: Path = Path(".tillstream/demo")
    seconds: int = 0
    workers: int = 1
    faults: bool = False
    kills: bool = False
    webhooks: bool = True
    skus: int = 2_000
    orders_per_second: float = 6.0
    changes_per_second: float = 22.0
    seed: int = 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> DemoOptions:
        """Read ``DEMO_SECONDS``, ``DEMO_WORKERS``, ``DEMO_FAULTS``, ``DEMO_KILLS``, ``DEMO_WEBHOOKS``, ``DEMO_SKUS``
        and ``DEMO_SEED``.

        Raises:
            OptionError: names the variable, its value and what is expected.
        """
        usual = cls()
        return cls(
            seconds=_number(environment, "DEMO_SECONDS", usual.seconds, least=0),
            workers=_number(environment, "DEMO_WORKERS", usual.workers, least=1),
            faults=_number(environment, "DEMO_FAULTS", int(usual.faults), least=0) > 0,
            kills=_number(environment, "DEMO_KILLS", int(usual.kills), least=0) > 0,
            webhooks=_number(environment, "DEMO_WEBHOOKS", int(usual.webhooks), least=0) > 0,
            skus=_number(environment, "DEMO_SKUS", usual.skus, least=20),
            seed=_number(environment, "DEMO_SEED", usual.seed, least=0),
        )


def _number(environment: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) < least:
        raise OptionError(f"{name}={text} is not a whole number of at least {least}")
    return int(text)

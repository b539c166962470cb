"""What a run has done so far, on disk after each strike, so that a run that was interrupted goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Struck:
    """What became of one strike. Moments are seconds since the epoch.

    Attributes:
        number: the strike's in the plan.
        hit: False if what it waited for did not happen in time.
        began, ended: the window that its damage is looked for in; it ends when all is as before.
        seconds: to recover, None if it was not hit or did not recover in time.
    """

    number: int
    hit: bool
    began: float
    ended: float
    seconds: float | None


@dataclass(slots=True)
class State:
    """One run's.

    Attributes:
        seed, kills: what was asked for; another wish is another run.
        traded: the shop has made its mistakes.
        struck: by number.
    """

    seed: int
    kills: int
    traded: bool = False
    struck: dict[int, Struck] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> State | None:
        """What was kept, None if nothing was."""
        if not path.exists():
            return None
        kept = json.loads(path.read_text())
        struck = [Struck(**one) for one in kept.pop("struck")]
        return cls(**kept, struck={one.number: one for one in struck})

    def write(self, path: Path) -> None:
        """Keep it: all of it or what was there before."""
        write_durably(path, asdict(self) | {"struck": [asdict(one) for one in self.struck.values()]})


def write_durably(path: Path, document: Mapping[str, object]) -> None:
    """Write JSON that is on the disk, whole, when this returns. Only the owner reads it."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

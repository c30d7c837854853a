"""All files are written, or none."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from database_patterns.changes import Change
from database_patterns.refusal import Refused
from database_patterns.writing import write_all
from tests.command.conftest import Command, tree


def change(path: str, before: bytes | None, after: bytes) -> Change:
    return Change(path=PurePosixPath(path), before=before, after=after)


@pytest.mark.parametrize("failing", range(1, 5))
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_at_any_file_leaves_what_was_there(
    failing: int, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.py").write_bytes(b"old")
    before = tree(tmp_path)
    changes = [
        change("new/one.py", None, b"1"),
        change("old.py", b"old", b"changed"),
        change("new/deep/two.py", None, b"2"),
        change("three.py", None, b"3"),
    ]
    replace, calls = os.replace, 0

    def failing_replace(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing_replace)
    with pytest.raises(Refused if isinstance(error, OSError) else KeyboardInterrupt):
        write_all(tmp_path, changes)
    assert calls == failing
    assert tree(tmp_path) == before


def test_a_file_that_changed_meanwhile_is_left_and_the_others_are_put_back(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"newer")
    changes = [change("a.py", None, b"a"), change("mine.py", b"older", b"theirs")]
    with pytest.raises(Refused, match=r"mine\.py was changed by another program"):
        write_all(tmp_path, changes)
    assert tree(tmp_path) == {"mine.py": b"newer"}


def test_the_mode_of_a_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_bytes(b"old")
    (tmp_path / "run.py").chmod(0o750)
    write_all(tmp_path, [change("run.py", b"old", b"new"), change("new.py", None, b"")])
    assert (tmp_path / "run.py").stat().st_mode & 0o777 == 0o750
    (tmp_path / "plain.py").touch()
    assert (tmp_path / "new.py").stat().st_mode == (tmp_path / "plain.py").stat().st_mode


def test_ctrl_c_during_add_leaves_nothing(
    command: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(project)
    replace, calls = os.replace, 0

    def interrupted(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    said = command("add", "queries/page", "--into", "app/db", cwd=project)
    assert (said.code, said.err.lstrip()) == (130, "Stopped: nothing was written.\n")
    assert tree(project) == before

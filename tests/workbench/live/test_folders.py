"""Folders of the cache are whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.live.folders import alone_in, linked, made_once, part_of


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("whole")

    for _ in range(2):
        assert made_once(tmp_path / "a", make) == tmp_path / "a"
    assert len(made) == 1
    assert (tmp_path / "a" / "file").read_text() == "whole"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_an_interrupted_one_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def make(folder: Path) -> None:
        (folder / "file").write_text("half")
        raise error

    with pytest.raises(error):
        made_once(tmp_path / "a", make)
    assert list(tmp_path.iterdir()) == []


def test_one_whose_maker_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = """
import os, sys
from pathlib import Path
from workbench.live.folders import made_once
made_once(Path(sys.argv[1]), lambda folder: (folder / "file").write_text("half") and os._exit(9))
"""
    done = subprocess.run([sys.executable, "-c", killed, str(tmp_path / "a")], check=False)
    assert done.returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    (mine := part_of(tmp_path / "mine")).mkdir()
    made_once(tmp_path / "b", lambda folder: None)
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "b", mine])


def test_of_two_makers_at_once_both_succeed(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        made_once(tmp_path / "a", lambda other: (other / "by").write_text("other") and None)
        (folder / "by").write_text("me")

    assert (made_once(tmp_path / "a", make) / "by").read_text() == "other"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_only_one_process_is_in_the_block(tmp_path: Path) -> None:
    waiting = """
import sys
from pathlib import Path
from workbench.live.folders import alone_in
print("asking", flush=True)
with alone_in(Path(sys.argv[1])):
    print("in", flush=True)
"""
    with alone_in(tmp_path):
        other = subprocess.Popen(
            [sys.executable, "-c", waiting, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        assert other.stdout.readline() == "asking\n"
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=0.5)
    assert other.communicate(timeout=10)[0] == "in\n"


def test_a_second_name_replaces_what_had_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    linked(tmp_path / "a", tmp_path / "b")
    assert os.path.samefile(tmp_path / "a", tmp_path / "b")

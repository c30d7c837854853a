"""The first thing a newcomer types."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.execution.lessons import ROOT

OLD = """#!/bin/sh
[ "$1" = --version ] && echo "Python 3.9.1" && exit 0
exit 1
"""
WITHOUT_VENV = """#!/bin/sh
[ "$1" = --version ] && echo "Python 3.13.0" && exit 0
[ "$1" = -m ] && exit 1
exit 0
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a new clone"
    (folder / "workbench").mkdir(parents=True)
    for name in ("Makefile", ".python-version", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("environment.sh", "pyproject.toml"):
        shutil.copy(ROOT / "workbench" / name, folder / "workbench")
    return folder


def make(clone: Path, *arguments: str, python: str | None) -> subprocess.CompletedProcess[str]:
    """Call make where the only Python is ``python``, the text of a program, or none."""
    programs = clone / "programs"
    programs.mkdir()
    for name in ("sh", "sed", "awk", "touch", "rm", "cat", "make"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    if python is not None:
        (programs / "python3").write_text(python)
        (programs / "python3").chmod(0o755)
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env={"PATH": str(programs), "HOME": str(clone), "LANG": os.environ.get("LANG", "C")},
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_an_older_python_is_told_what_to_install(clone: Path) -> None:
    said = sentence(make(clone, python=OLD))
    assert said.startswith("Python 3.12 or later is needed and Python 3.9.1 was found")
    assert "install Python 3.13" in said
    assert not (clone / ".venv").exists()


def test_a_missing_python_is_told_what_to_install(clone: Path) -> None:
    assert "no Python 3 was found: install Python 3.13" in sentence(make(clone, python=None))


def test_a_named_python_that_is_too_old_is_refused(clone: Path) -> None:
    assert "and no Python 3 was found" in sentence(make(clone, "PYTHON=python9", python=OLD))


def test_a_python_without_venv_is_told_what_to_install(clone: Path) -> None:
    assert "install its venv package" in sentence(make(clone, python=WITHOUT_VENV))


def test_help_needs_no_environment_and_lists_every_target(clone: Path) -> None:
    done = make(clone, "help", python=None)
    assert done.returncode == 0
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert listed == [
        "serve",
        "test",
        "lab",
        "notebooks",
        "site",
        "check",
        "bench",
        "help",
        "clean",
    ]

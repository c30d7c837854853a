"""A copy of the repository in which a test may change what it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.execution.lessons import ROOT

PARTS = ("workbench", "snippets", "pyproject.toml", "requirements.lock", "mkdocs.yml")

type Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The program and the snippets, without lessons, in a folder whose name holds a space."""
    folder = tmp_path / "a copy"
    folder.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture
def environment(clone: Path) -> dict[str, str]:
    """What the program is started with: the copy's modules, and no run of another's."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")
    }
    return {**variables, "PYTHONPATH": str(clone)}


@pytest.fixture
def program(clone: Path, environment: dict[str, str]) -> Program:
    """Call the command line program in the copy."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workbench", *arguments],
            cwd=clone,
            env={**environment, **variables},
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    return call

"""The command, installed as users install it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from database_patterns.cli import main
from database_patterns.sources import Sources
from tests.command.fresh_projects import FASTAPI
from workbench.execution.lessons import ROOT

type Built = Callable[[str], Path]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the "wheel" or the "sdist" once, and return its path."""
    folder = tmp_path_factory.mktemp("dist")

    def build(target: str) -> Path:
        suffix = {"wheel": "*.whl", "sdist": "*.tar.gz"}[target]
        if not list(folder.glob(suffix)):
            command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        [found] = folder.glob(suffix)
        return found

    return build


@dataclass(frozen=True)
class Environment:
    """A virtual environment that sees the packages of this one, but nothing of the repository."""

    folder: Path

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def run(
        self, *arguments: str, cwd: Path, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a module of the environment in ``cwd``."""
        done = subprocess.run(
            [self.python, "-m", *arguments],
            cwd=cwd,
            env={**_outside_environment(), **variables},
            text=True,
            capture_output=True,
            timeout=1100,
            check=False,
        )
        assert not check or done.returncode == 0, f"{arguments[:3]}\n{done.stdout}\n{done.stderr}"
        return done


def _outside_environment() -> dict[str, str]:
    """Return the variables but those that would bring this repository or this run of pytest in."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PYTHON", "MYPY")) and name != "DATABASE_URL"
    }


@pytest.fixture(scope="session")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The built wheel, installed in an environment of its own."""
    environment = Environment(tmp_path_factory.mktemp("environment"))
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(environment.folder)], check=True
    )
    [packages] = environment.folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched, but .pth files found there are not followed: the editable
    # install of the repository stays out.
    (packages / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    install = ["pip", "--python", environment.python, "install", "--no-deps", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", *install, "--disable-pip-version-check", str(built("wheel"))],
        check=True,
    )
    return environment


@dataclass(frozen=True)
class Said:
    """What the command printed, and the code that it ended with."""

    code: int
    out: str
    err: str


type Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process: ``command("add", "queries/page", cwd=folder)``."""

    def run(*arguments: str, cwd: Path) -> Said:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["database-patterns", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh project in FastAPI's usual layout."""
    folder = tmp_path / "project"
    folder.mkdir()
    return FASTAPI.make(folder)


class NextRelease:
    """A release to come: a copy of the sources that a test changes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("snippets", "tests/snippets", "workbench/lesson"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__py*"))
        shutil.copy(ROOT / "workbench/markdown.py", root / "workbench")

    def replace(self, path: str, old: str, new: str) -> None:
        """Change ``old``, which is there once, to ``new`` in the file at ``path``."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], NextRelease]:
    """Install a next release over this one, to be changed by the test."""

    def install() -> NextRelease:
        release = NextRelease(tmp_path / "next")
        sources = Sources(release.root, release="0.2.0")
        monkeypatch.setattr(Sources, "installed", lambda: sources)
        return release

    return install


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return all files below ``folder`` with what they hold, and where its links lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else "folder"
        for path in folder.rglob("*")
    }

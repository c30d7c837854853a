"""What users install: a wheel and an sdist with the command, the snippets and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

from tests.command.conftest import Built, Environment
from workbench.execution.lessons import ROOT

LARGEST = 400_000  # bytes of the wheel


def test_the_wheel_holds_the_command_and_what_it_copies(built: Built) -> None:
    wheel = built("wheel")
    assert wheel.stat().st_size < LARGEST
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    packages = {name.partition("/")[0] for name in names}
    assert packages == {"database_patterns", "database_patterns-0.1.0.dist-info"}
    shipped = "database_patterns/shipped/"
    files = {name.removeprefix(shipped) for name in names if name.startswith(shipped)}
    for folder in ("snippets", "tests/snippets"):
        wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")}
        assert wanted <= files
    assert not any("__pycache__" in name for name in names)
    assert {"database_patterns/py.typed", "database_patterns/schema.json"} <= set(names)


def test_the_metadata_is_ready_for_an_index(built: Built) -> None:
    with zipfile.ZipFile(built("wheel")) as archive:
        text = archive.read("database_patterns-0.1.0.dist-info/METADATA").decode()
        scripts = archive.read("database_patterns-0.1.0.dist-info/entry_points.txt").decode()
    metadata = message_from_string(text)
    assert metadata["Name"] == "database-patterns"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.12"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert {line.partition(",")[0] for line in metadata.get_all("Project-URL", [])} >= {
        "Documentation",
        "Repository",
    }
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra" not in line]
    names = {re.split(r"[<>=\[]", line)[0] for line in needed}
    assert names == {"click", "merge3", "packaging", "rich", "tomlkit"}
    assert scripts.split() == [
        "[console_scripts]",
        "database-patterns",
        "=",
        "database_patterns.cli:main",
    ]


def test_the_readme_is_shown_as_it_is_here(built: Built) -> None:
    """An index renders it far from the repository: a relative link would lead nowhere there."""
    with zipfile.ZipFile(built("wheel")) as archive:
        text = archive.read("database_patterns-0.1.0.dist-info/METADATA").decode()
    readme = message_from_string(text).get_payload()
    assert readme == (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", str(readme))
    assert links
    assert all(link.startswith("https://") for link in links)


def test_an_sdist_makes_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built("sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    [folder] = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as again, zipfile.ZipFile(built("wheel")) as first:
        assert {name: again.read(name) for name in again.namelist()} == {
            name: first.read(name) for name in first.namelist()
        }


def test_the_installed_program_works_away_from_the_repository(
    installed: Environment, tmp_path: Path
) -> None:
    said = installed.run("database_patterns", "--version", cwd=tmp_path).stdout
    assert said == "database-patterns, version 0.1.0\n"
    where = (
        "import database_patterns as d, importlib.util as u; "
        "print(d.__file__, u.find_spec('snippets'))"
    )
    done = subprocess.run(
        [installed.python, "-c", where], cwd=tmp_path, text=True, capture_output=True, check=True
    )
    assert str(installed.folder) in done.stdout
    assert done.stdout.endswith(" None\n")
    program = installed.folder / "bin" / "database-patterns"
    done = subprocess.run(
        [program, "list"], cwd=tmp_path, text=True, capture_output=True, check=True
    )
    assert len(done.stdout.splitlines()) > 50


def test_names_are_completed_in_a_shell(installed: Environment, tmp_path: Path) -> None:
    done = subprocess.run(
        [installed.folder / "bin" / "database-patterns"],
        cwd=tmp_path,
        env={
            **os.environ,
            "_DATABASE_PATTERNS_COMPLETE": "bash_complete",
            "COMP_WORDS": "database-patterns show queries/pa",
            "COMP_CWORD": "2",
        },
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.stdout == "plain,queries/page\n"


def test_a_closed_pipe_is_no_traceback(installed: Environment, tmp_path: Path) -> None:
    program = installed.folder / "bin" / "database-patterns"
    done = subprocess.run(
        ["sh", "-c", f"'{program}' list | true"],
        cwd=tmp_path,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.stderr == ""

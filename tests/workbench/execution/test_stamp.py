"""CI stamps the lessons whose outputs came out as committed; nobody else does."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.workbench.conftest import Program
from workbench.execution.lessons import ROOT, chosen_lessons
from workbench.execution.notebook import read_notebook, write_notebook
from workbench.execution.stamp import FOLDER, Stamps

LESSON = chosen_lessons(["queries/n_plus_one"])[0]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
STAMPED = """
from workbench.execution.lessons import all_lessons
from workbench.execution.stamp import Stamps
print([lesson.problem for lesson in all_lessons() if Stamps().of(lesson)])
"""


@pytest.fixture
def stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stamps:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("GITHUB_SHA", COMMIT)
    return Stamps(tmp_path)


@pytest.fixture
def written(clone: Path, program: Program) -> Path:
    """A clone with a lesson whose outputs are those of this server."""
    assert program("new", "queries/slow_count").returncode == 0
    assert program("notebooks", CI="true").returncode == 0
    return clone


def stamped(clone: Path, environment: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-c", STAMPED],
        cwd=clone,
        env=environment,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.strip()


def test_a_stamp_names_the_versions_in_use_and_the_moment(stamps: Stamps) -> None:
    stamps.write(LESSON, postgresql="18.6")
    stamp = stamps.of(LESSON)
    assert stamp is not None
    assert (stamp.postgresql, stamp.commit) == ("18.6", COMMIT)
    assert (stamp.sqlalchemy, stamp.python) == (version("sqlalchemy"), platform.python_version())
    assert datetime.now(UTC) - datetime.fromisoformat(stamp.at) < timedelta(minutes=1)


@pytest.mark.parametrize("ci", ["", "false", "1"])
def test_outside_of_ci_nothing_is_stamped(
    stamps: Stamps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    stamps.write(LESSON, postgresql="18.6")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": "0" * 64},
        {"postgresql": "18.6<script>"},
        {"at": "today"},
        {"commit": "main"},
        {"python": 3},
        {"more": ""},
    ],
    ids=str,
)
def test_a_stamp_that_was_changed_does_not_count(
    stamps: Stamps, tmp_path: Path, changes: dict[str, object]
) -> None:
    stamps.write(LESSON, postgresql="18.6")
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    if "python" in changes:
        file.write_text(file.read_text().replace('"python": 3', '"python": [3]'))
    assert stamps.of(LESSON) is None
    file.write_text("{")
    assert stamps.of(LESSON) is None


def test_a_write_that_is_cut_off_leaves_the_stamp_before_it(
    stamps: Stamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps.write(LESSON, postgresql="18.6")

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(KeyboardInterrupt):
        stamps.write(LESSON, postgresql="18.7")
    stamp = stamps.of(LESSON)
    assert stamp is not None
    assert stamp.postgresql == "18.6"


def test_a_lesson_loses_its_stamp_by_a_change_and_by_a_failure(
    written: Path, program: Program, environment: dict[str, str]
) -> None:
    assert stamped(written, environment) == "[]", "writing outputs is no comparison"
    assert program("verify", CI="").returncode == 0
    assert stamped(written, environment) == "[]"
    assert program("verify", CI="true").returncode == 0
    assert stamped(written, environment) == "['slow_count']"
    path = written / "notebooks/queries/slow_count.ipynb"
    before = path.read_text()
    notebook = read_notebook(path)
    notebook["cells"][0]["source"] += "\n\nMore."
    write_notebook(notebook, path)
    assert stamped(written, environment) == "[]"
    path.write_text(before)
    assert stamped(written, environment) == "['slow_count']"
    path.write_text(before.replace("×3: ", "×4: "))
    assert program("verify", CI="true").returncode == 1
    path.write_text(before)
    assert stamped(written, environment) == "[]"


def test_tests_in_several_processes_stamp_as_well(
    written: Path, program: Program, environment: dict[str, str]
) -> None:
    assert program("new", "queries/other").returncode == 0
    assert program("notebooks", "other", CI="true").returncode == 0
    tested = program("test", "-n", "2", "--dist", "loadgroup", "notebooks", CI="true")
    assert tested.returncode == 0, tested.stdout[-2000:] + tested.stderr[-2000:]
    assert stamped(written, environment) == "['other', 'slow_count']"


def test_stamps_are_not_committed() -> None:
    listed = ["git", "ls-files", "--", str(FOLDER)]
    assert subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout == b""
    ignored = ["git", "check-ignore", "--quiet", str(FOLDER / "queries.n_plus_one.json")]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0

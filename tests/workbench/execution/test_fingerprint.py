"""A lesson is executed again exactly when something it depends on has changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import chosen_lessons
from workbench.execution.notebook import read_notebook, write_notebook

DUE = """
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import all_lessons
fingerprints = Fingerprints()
print([lesson.problem for lesson in fingerprints.changed(all_lessons())])
for lesson in all_lessons():
    fingerprints.passed(lesson)
"""


@pytest.fixture
def due(clone: Path, environment: dict[str, str]) -> object:
    from workbench.execution.skeleton import create_lesson  # noqa: PLC0415

    create_lesson("queries/slow_count", root=clone)
    create_lesson("queries/other", root=clone)
    notebook = read_notebook(clone / "notebooks/queries/slow_count.ipynb")
    notebook["cells"][1]["source"] += "\nfrom snippets.domain.board import TaskBoard"
    write_notebook(notebook, clone / "notebooks/queries/slow_count.ipynb")

    def ask(**variables: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", DUE],
            cwd=clone,
            env={**environment, **variables},
            text=True,
            capture_output=True,
            check=True,
        ).stdout.strip()

    assert ask() == "['other', 'slow_count']"
    assert ask() == "[]"
    return ask


def append(path: Path, text: str = "\n# changed\n") -> None:
    path.write_text(path.read_text() + text)


def test_a_change_in_an_imported_module_makes_the_lesson_due(clone: Path, due) -> None:  # type: ignore[no-untyped-def]
    append(clone / "snippets/domain/board.py")
    assert due() == "['slow_count']"
    append(clone / "snippets/models/base.py")
    assert due() == "['slow_count']"


def test_a_change_elsewhere_does_not(clone: Path, due) -> None:  # type: ignore[no-untyped-def]
    append(clone / "workbench/cli/lab.py")
    append(clone / "snippets/queries/__init__.py", "")
    assert due() == "[]"


def test_a_change_in_the_recorder_makes_every_lesson_due(clone: Path, due) -> None:  # type: ignore[no-untyped-def]
    append(clone / "workbench/lesson/sql_text.py")
    assert due() == "['other', 'slow_count']"


def test_new_packages_make_every_lesson_due(clone: Path, due) -> None:  # type: ignore[no-untyped-def]
    append(clone / "requirements.lock")
    assert due() == "['other', 'slow_count']"


def test_another_server_makes_every_lesson_due(due) -> None:  # type: ignore[no-untyped-def]
    assert due(DATABASE_URL="postgresql://elsewhere/x") == "['other', 'slow_count']"


def test_code_beside_the_lesson_counts_with_what_it_imports() -> None:
    lesson = chosen_lessons(["queries/n_plus_one"])[0]
    fingerprints = Fingerprints(server="a")
    plain = fingerprints.of(lesson)
    assert fingerprints.of(lesson, also="x = 1") != plain
    assert fingerprints.of(lesson, also="") == plain
    assert Fingerprints(server="b").of(lesson) != plain


def test_a_broken_memory_is_no_memory(clone: Path, due) -> None:  # type: ignore[no-untyped-def]
    (clone / ".cache" / "lessons.json").write_text("{")
    assert due() == "['other', 'slow_count']"

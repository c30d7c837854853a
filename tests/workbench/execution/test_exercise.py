"""An exercise is read whole or refused with a sentence, and tried as its readers try it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.execution import lessons
from workbench.execution.exercise import BrokenExercise, Exercise, exercise_of
from workbench.execution.exercise_trial import Trial, fault_of
from workbench.execution.lessons import Lesson
from workbench.execution.notebook import Notebook
from workbench.execution.skeleton import create_lesson

GOOD: dict[str, object] = {
    "start": "answer = 1",
    "check": 'assert answer == 2, f"it is {answer}"',
    "hints": ["Look.", "It is two."],
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Lesson]:
    """Write the file beside a lesson; return the lesson."""
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    (tmp_path / "queries").mkdir()

    def write(text: str) -> Lesson:
        (tmp_path / "queries/slow.toml").write_text(text, encoding="utf-8")
        return Lesson("queries", "slow")

    return write


def table(**changes: object) -> str:
    values = {key: value for key, value in (GOOD | changes).items() if value is not None}
    # A JSON string or list of strings is TOML as well.
    return "[exercise]\n" + "".join(f"{key} = {json.dumps(values[key])}\n" for key in values)


def test_an_exercise_keeps_what_the_file_says(written: Callable[[str], Lesson]) -> None:
    lesson = written('[[claim]]\nid = "x"\n' + table(start="\nanswer = await now()\n"))
    assert exercise_of(lesson) == Exercise(
        start="answer = await now()",
        check='assert answer == 2, f"it is {answer}"',
        hints=("Look.", "It is two."),
    )


def test_a_lesson_may_have_none(written: Callable[[str], Lesson]) -> None:
    assert exercise_of(written('[[claim]]\nid = "x"\n')) is None
    assert exercise_of(Lesson("queries", "without_a_file")) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[exercise\n", "is not TOML"),
        ("exercise = 3\n", "must be a table"),
        (table(hint="x"), "unknown key 'hint'; it has start, check, hints"),
        (table(start=None), "has no `start`"),
        (table(check=None), "has no `check`"),
        (table(hints=None), "has no `hints`"),
        (table(start=" \n"), "`start` of the exercise must be code"),
        (table(start=["x"]), "`start` of the exercise must be code"),
        (
            table(start="x = 1\nx ="),
            "`start` of the exercise is not Python: invalid syntax, in its",
        ),
        (table(check="assert ("), "`check` of the exercise is not Python"),
        (table(check="answer == 2"), "asserts nothing"),
        (table(check="assert answer == 2"), "has no message for `assert answer == 2`"),
        (table(check="if answer:\n    assert answer"), "has no message for `assert answer`"),
        (table(hints="Look."), "`hints` of the exercise must be a list"),
        (table(hints=["Look."]), "needs 2 hints or more, not 1"),
        (table(hints=["Look.", " "]), "hint 2 of the exercise must be one line"),
        (table(hints=["Look\nthere.", "Look."]), "hint 1 of the exercise must be one line"),
        (table(hints=["Look.", "x" * 120]), "hint 2 of the exercise has 120 characters"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(
    written: Callable[[str], Lesson], text: str, said: str
) -> None:
    with pytest.raises(BrokenExercise) as refused:
        exercise_of(written(text))
    assert said in str(refused.value)
    assert str(refused.value).startswith("slow.toml")
    assert "\n" not in str(refused.value)


def test_a_hint_may_have_119_characters(written: Callable[[str], Lesson]) -> None:
    exercise = exercise_of(written(table(hints=["Look.", "x" * 119])))
    assert exercise is not None
    assert len(exercise.hints[1]) == 119


def notebook(*solution: str, before: str = "base = 1") -> Notebook:
    def cell(name: str, text: str, *tags: str) -> dict[str, object]:
        metadata = {"tags": list(tags)}
        return {"cell_type": "code", "id": name, "metadata": metadata, "source": text}

    prose = {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": "## Exercise"}
    solutions = [cell(f"solution-{n}", text, "solution") for n, text in enumerate(solution)]
    return {
        "cells": [cell("before", before), prose, *solutions],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


async def tried(trial: Trial, lesson: Notebook, **changes: str) -> str | None:
    values = {"start": "answer = base", "check": 'assert answer == 2, f"it is {answer}"'} | changes
    exercise = Exercise(hints=("Look.", "It is two."), **values)
    return await fault_of(exercise, trial, lesson=Lesson("queries", "slow"), notebook=lesson)


RIGHT = notebook("answer = base", "answer += 1")


@pytest.fixture
def folder(written: Callable[[str], Lesson]) -> None:
    """A folder for the kernels to run in."""


@pytest.mark.usefixtures("folder")
async def test_a_sound_exercise_has_no_fault() -> None:
    assert await tried(Trial.START, RIGHT) is None
    assert await tried(Trial.SOLUTION, RIGHT) is None


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"start": "answer = 2"}, "passes the check already"),
        ({"start": "answr = 1"}, "begins with a slip and not with its problem: NameError"),
        ({"start": "answer = base.x"}, "begins with a slip and not with its problem: Attribute"),
        ({"start": "assert base == 2"}, "fails without a message"),
        (
            {"start": "answer = base = 7"},
            "After a first try the stored solution does not pass, so `start` or `check` leaves "
            "something behind: AssertionError: it is 8",
        ),
        (
            {"check": 'base += 5\nassert answer == 2, f"it is {answer}"'},
            "leaves something behind: AssertionError: it is 7",
        ),
    ],
)
async def test_a_start_that_misleads_its_reader_is_a_fault(
    changes: dict[str, str], fault: str
) -> None:
    assert fault in str(await tried(Trial.START, RIGHT, **changes))


@pytest.mark.usefixtures("folder")
async def test_a_start_may_fail_with_the_error_that_the_exercise_is_about() -> None:
    assert await tried(Trial.START, RIGHT, start="raise ValueError('no offset')") is None


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("lesson", "changes", "fault"),
    [
        (notebook("answer = 3"), {}, "The stored solution does not pass: AssertionError: it is 3"),
        (notebook("answer = 1 / 0"), {}, "The stored solution does not pass: ZeroDivisionError"),
        (RIGHT, {"check": 'assert answer == 2, f"it is {answer}"\nanswer = 9'}, "the second time"),
        (notebook("answer = 2", before="1 / 0"), {}, "cell before (code cell 1) failed"),
    ],
)
async def test_a_solution_that_does_not_pass_twice_is_a_fault(
    lesson: Notebook, changes: dict[str, str], fault: str
) -> None:
    assert fault in str(await tried(Trial.SOLUTION, lesson, **changes))


def test_both_trials_are_tests_that_run_again_only_after_a_change(
    clone: Path, environment: dict[str, str]
) -> None:
    files = {}
    for name in ("kept", "changed", "broken"):
        _, files[name], _ = create_lesson(f"queries/{name}", root=clone)
    replace(files["kept"], "assert len(sent)", "open('tries', 'a').write('x')\nassert len(sent)")
    replace(files["broken"], "hints =", "hint =")

    first = exercises_tested(clone, environment)
    assert "2 failed, 4 passed" in first, first
    assert first.count("broken.toml: the exercise has an unknown key 'hint'") >= 2
    tries = clone / "notebooks/queries/tries"
    assert tries.read_text() == "xxxx"

    replace(files["changed"], "assert len(sent) == 1", "assert len(sent) == 4")
    second = exercises_tested(clone, environment)
    assert "4 failed, 2 passed" in second, second
    assert (
        "queries/changed: The stored solution does not pass: AssertionError: "
        "the values took 1 statements and not 1" in second
    )
    assert tries.read_text() == "xxxx"
    assert "raise " not in first + second, "a sentence and no traceback"


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def exercises_tested(clone: Path, environment: dict[str, str]) -> str:
    """Run the tests of all exercises in the copy; return what was printed."""
    command = [sys.executable, "-m", "pytest", "notebooks", "-q", "-k", "exercise"]
    return subprocess.run(
        command, cwd=clone, env=environment, text=True, capture_output=True, check=False
    ).stdout

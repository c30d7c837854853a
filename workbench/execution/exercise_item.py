"""One trial of an exercise as one test, left out while nothing that it depends on has changed."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from workbench.execution.exercise import BrokenExercise, Exercise, exercise_of
from workbench.execution.exercise_trial import Trial, fault_of
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import ROOT, Lesson, lesson_at
from workbench.execution.notebook import oldest_postgresql, read_notebook
from workbench.execution.run import MAJOR_VARIABLE

MEMORY = ROOT / ".cache" / "exercises"
RUNNER = "workbench.execution.exercise_trial"


class UnsoundExercise(Exception):
    """Says what an exercise does to its readers that it should not."""


class ExerciseItem(pytest.Item):
    """Runs one trial of the exercise of the lesson in its file."""

    def __init__(self, *, trial: Trial, **options: Any) -> None:
        super().__init__(**options)
        self._trial = trial

    def runtest(self) -> None:
        lesson = lesson_at(self.path)
        exercise = exercise_of(lesson)
        if exercise is None:
            raise UnsoundExercise(f"{lesson.name} has no exercise any more.")
        notebook = read_notebook(lesson.path)
        needs = oldest_postgresql(notebook)
        if needs > int(os.environ[MAJOR_VARIABLE]):
            pytest.skip(f"needs PostgreSQL {needs}")
        memory, inputs = _memory(lesson, self._trial), _inputs(lesson, exercise)
        if memory.exists() and memory.read_text(encoding="utf-8") == inputs:
            return
        fault = asyncio.run(fault_of(exercise, self._trial, lesson=lesson, notebook=notebook))
        if fault:
            memory.unlink(missing_ok=True)
            raise UnsoundExercise(f"{lesson.name}: {fault}")
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(inputs, encoding="utf-8")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, UnsoundExercise | BrokenExercise):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.name


def _memory(lesson: Lesson, trial: Trial) -> Path:
    """Return the file that says with which inputs ``trial`` passed last.

    A file for each: several processes write them at the same time.
    """
    return MEMORY / f"{lesson.topic}.{lesson.problem}.{trial}"


def _inputs(lesson: Lesson, exercise: Exercise) -> str:
    return _fingerprints().of(lesson, also="\n".join((RUNNER, exercise.start, exercise.check)))


@cache
def _fingerprints() -> Fingerprints:
    # The address of the server differs from run to run, and its version decides.
    server = f"PostgreSQL {os.environ[MAJOR_VARIABLE]}, SQLAlchemy {version('sqlalchemy')}"
    return Fingerprints(server=server)

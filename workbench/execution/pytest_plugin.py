"""Lessons as tests: nbmake runs each one, then its outputs are held to the committed ones.

The exercise of a lesson adds two: its start must fail, and its solution must pass.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from workbench.execution.lessons import NOTEBOOKS, lesson_at

_server = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Start PostgreSQL once for the whole run; workers of pytest-xdist inherit its address."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    from workbench.execution.run import (  # noqa: PLC0415 - after pytest's own start
        execution_environment,
    )
    from workbench.postgres import ServerUnavailable, open_server  # noqa: PLC0415

    stack = config.stash[_server] = ExitStack()
    try:
        server = stack.enter_context(open_server())
    except ServerUnavailable as error:
        raise pytest.UsageError(str(error)) from None
    stack.enter_context(execution_environment(server))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server in config.stash:
        config.stash[_server].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the notebooks below ``notebooks/``."""
    if file_path.suffix != ".ipynb" or not file_path.is_relative_to(NOTEBOOKS):
        return None
    if ".ipynb_checkpoints" in file_path.parts:
        return None
    return LessonFile.from_parent(parent, path=file_path)


class LessonFile(pytest.File):
    """A notebook file with its tests: the lesson, and the two trials of its exercise."""

    def collect(self) -> Any:
        from workbench.execution.exercise import (  # noqa: PLC0415 - after pytest's own start
            BrokenExercise,
            exercise_of,
        )
        from workbench.execution.exercise_item import ExerciseItem  # noqa: PLC0415
        from workbench.execution.exercise_trial import Trial  # noqa: PLC0415
        from workbench.execution.lesson_item import LessonItem  # noqa: PLC0415 - imports nbmake

        lesson = lesson_at(self.path)
        # Some lessons count what the whole server does: never run one beside itself.
        self.add_marker(pytest.mark.xdist_group(lesson.name))
        yield LessonItem.from_parent(self, name=lesson.name, filename=str(self.path))
        try:
            has_exercise = exercise_of(lesson) is not None
        except BrokenExercise:
            has_exercise = True  # its tests say what is wrong, and the others run
        if has_exercise:
            for trial in Trial:
                yield ExerciseItem.from_parent(self, name=f"exercise-{trial}", trial=trial)

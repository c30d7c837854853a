"""One lesson as one test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from nbmake.nb_run import NotebookRun
from nbmake.pytest_items import NotebookFailedException, NotebookItem

from workbench.execution.comparison import differences
from workbench.execution.lessons import lesson_at
from workbench.execution.listings import stale_listings
from workbench.execution.notebook import oldest_postgresql, read_notebook
from workbench.execution.run import (
    CELL_TIMEOUT,
    COMPARED_VARIABLE,
    MAJOR_VARIABLE,
    keep_stamp,
)
from workbench.lesson.database import LABEL_VARIABLE


class LessonDiffers(Exception):
    """Holds the readable differences between a lesson's committed and executed outputs."""


class LessonItem(NotebookItem):
    """Runs a lesson with nbmake; fails where its listings or its outputs differ."""

    def __init__(self, parent: Any, name: str, filename: str) -> None:
        super().__init__(parent, filename)
        self.name = name
        self._nodeid = f"{parent.nodeid}::{name}"

    def runtest(self) -> None:
        path = Path(self.filename)
        committed = read_notebook(path)
        if stale := stale_listings(self.name, committed):
            raise LessonDiffers("\n".join(stale))
        needs = oldest_postgresql(committed)
        if needs > int(os.environ[MAJOR_VARIABLE]):
            pytest.skip(f"needs PostgreSQL {needs}")
        lesson = lesson_at(path)
        keep_stamp(lesson, passed=False)
        os.environ[LABEL_VARIABLE] = path.stem
        result = NotebookRun(path, CELL_TIMEOUT).execute()
        if result.error is not None:
            raise NotebookFailedException(result)
        if not os.environ.get(COMPARED_VARIABLE):
            return
        found = differences(lesson.name, committed, result.nb)
        if found:
            raise LessonDiffers("\n\n".join(found))
        keep_stamp(lesson, passed=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, LessonDiffers):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

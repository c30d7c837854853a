"""Lessons as tests: nbmake runs each one, then its outputs are held to the committed ones."""

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
    """A notebook file with the one test that it is."""

    def collect(self) -> Any:
        from workbench.execution.lesson_item import LessonItem  # noqa: PLC0415 - imports nbmake

        yield LessonItem.from_parent(self, name=lesson_at(self.path).name, filename=str(self.path))

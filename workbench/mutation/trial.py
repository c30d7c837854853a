"""Running a snippet's tests against one mutant of it, in a process that ends with the trial."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

LONGEST_TEST = 20
LONGEST_TRIAL = 120
NOTICED, UNNOTICED = 10, 11
PRELOADED = (
    "alembic.command",
    "asyncpg",
    "fastapi",
    "hypothesis",
    "pytest",
    "pytest_asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "workbench.lesson",
)


@dataclass(frozen=True)
class Subject:
    """A snippet: the name of its module, its file and the file of its tests."""

    module: str
    path: Path
    tests: Path


def is_noticed(subject: Subject, source: str) -> bool:
    """Return whether a test of ``subject`` fails when its module has this ``source``.

    A test that hangs for 20 seconds fails, and so does a trial of 120 seconds.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    process = context.Process(target=_try, args=(subject, source), daemon=True)
    process.start()
    process.join(LONGEST_TRIAL)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode != UNNOTICED


class _Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a text instead of its file."""

    def __init__(self, name: str, source: str, path: Path) -> None:
        self._name, self._source, self._path = name, source, str(path)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=self._path)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path
        exec(compile(self._source, self._path, "exec"), vars(module))  # noqa: S102 - a snippet's


def _try(subject: Subject, source: str) -> None:
    import pytest  # noqa: PLC0415 - imported before the fork

    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    sys.meta_path.insert(0, _Replaced(subject.module, source, subject.path))
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", f"timeout={LONGEST_TEST}"]
    passed = pytest.main([str(subject.tests), *options]) == pytest.ExitCode.OK
    sys.exit(UNNOTICED if passed else NOTICED)

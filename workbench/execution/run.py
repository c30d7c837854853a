"""Execute lessons several at a time, each in a kernel and a database of its own."""

from __future__ import annotations

import asyncio
import copy
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workbench.execution.comparison import differences
from workbench.execution.lessons import Lesson
from workbench.execution.listings import fill_listings, stale_listings
from workbench.execution.notebook import (
    Notebook,
    code_cells,
    oldest_postgresql,
    read_notebook,
    source,
)
from workbench.execution.stamp import Stamps
from workbench.kernel.environment import warm_kernels
from workbench.lesson.database import LABEL_VARIABLE, RUN_VARIABLE

if TYPE_CHECKING:
    from workbench.postgres import Server

CELL_TIMEOUT = 120
COMPARED_VARIABLE = "WORKBENCH_OUTPUTS_COMPARED"
MAJOR_VARIABLE = "WORKBENCH_POSTGRESQL_MAJOR"
VERSION_VARIABLE = "WORKBENCH_POSTGRESQL_VERSION"
COMPARED_POSTGRESQL = 18
COMPARED_SQLALCHEMY = "2.1."


@dataclass(frozen=True)
class Outcome:
    """What came of one lesson; ``seconds`` is wall time from its start to its end.

    ``needs`` is the PostgreSQL version without which it was not executed.
    """

    lesson: Lesson
    seconds: float
    executed: Notebook
    error: str | None = None
    differences: list[str] = field(default_factory=list)
    needs: int | None = None

    @property
    def passed(self) -> bool:
        return self.error is None and not self.differences


def outputs_comparable(server: Server) -> bool:
    """Whether outputs made on ``server`` can equal the committed ones.

    Those were made on PostgreSQL 18 with SQLAlchemy 2.1; other versions word their statements,
    plans and errors in other ways, so there only the lessons' own assertions decide.
    """
    return server.version[0] == COMPARED_POSTGRESQL and version("sqlalchemy").startswith(
        COMPARED_SQLALCHEMY
    )


@contextmanager
def execution_environment(server: Server) -> Iterator[str]:
    """Point kernels started in this block at ``server``; drop what they leave behind.

    Yields the name of the run, which is part of the name of every database made in it.
    """
    from workbench.postgres import (  # noqa: PLC0415 - slow to import
        ServerUnavailable,
        drop_databases_of_run,
        sweep,
    )

    run = secrets.token_hex(4)
    changes = {
        "DATABASE_URL": server.url.render_as_string(hide_password=False),
        RUN_VARIABLE: run,
        MAJOR_VARIABLE: str(server.version[0]),
        VERSION_VARIABLE: ".".join(map(str, server.version)),
        COMPARED_VARIABLE: "yes" if outputs_comparable(server) else "",
    }
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        with warm_kernels():
            yield run
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        # A server that has ended took its databases along.
        with suppress(ServerUnavailable):
            drop_databases_of_run(server.url, run)
            sweep(server.url)


def keep_stamp(lesson: Lesson, *, passed: bool) -> None:
    """Stamp ``lesson`` if its outputs were compared and ``passed``, else take its stamp away.

    Call inside ``execution_environment``.
    """
    if passed and os.environ[COMPARED_VARIABLE]:
        Stamps().write(lesson, postgresql=os.environ[VERSION_VARIABLE])
    else:
        Stamps().remove(lesson)


async def run_lessons(
    lessons: Sequence[Lesson], *, compare: bool, at_once: int | None = None
) -> AsyncIterator[Outcome]:
    """Execute ``lessons`` and yield each outcome as it comes, ``at_once`` at a time.

    Call inside ``execution_environment``. ``at_once`` is twice the number of processors by default:
    a lesson waits for the server for much of its time.
    Closing the iterator early ends the kernels that still run.
    """
    gate = asyncio.Semaphore(at_once or 2 * (os.cpu_count() or 1))

    async def run(lesson: Lesson) -> Outcome:
        async with gate:
            return await run_lesson(lesson, compare=compare)

    tasks = [asyncio.create_task(run(lesson)) for lesson in lessons]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_lesson(lesson: Lesson, *, compare: bool) -> Outcome:
    """Execute one lesson from its committed cells, listings filled from their snippets."""
    started = time.monotonic()
    committed = read_notebook(lesson.path)
    needs = oldest_postgresql(committed)
    if needs > int(os.environ[MAJOR_VARIABLE]):
        return Outcome(lesson, 0.0, committed, needs=needs)
    executed = copy.deepcopy(committed)
    fill_listings(executed)
    error, executed = await execute(executed, lesson)
    found = []
    if compare and not error:
        found = stale_listings(lesson.name, committed)
        found += differences(lesson.name, committed, executed)
    return Outcome(lesson, time.monotonic() - started, executed, error, found)


async def execute(notebook: Notebook, lesson: Lesson) -> tuple[str | None, Notebook]:
    """Execute ``notebook`` as ``lesson`` would be; return what failed, or None, and its outputs.

    Call inside ``execution_environment``. A cell tagged ``raises-exception`` may fail.
    """
    import nbformat  # noqa: PLC0415 - slow to import, and a run that executes nothing needs none
    from nbclient.exceptions import (  # noqa: PLC0415
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    node: Any = nbformat.from_dict(_without_outputs(notebook))
    error = None
    try:
        await _execute_cells(node, lesson)
    except CellExecutionError as failure:
        error = _failure(node, lesson, f"{failure.ename}: {failure.evalue}")
    except CellTimeoutError:
        error = _failure(node, lesson, f"the cell ran longer than {CELL_TIMEOUT} seconds")
    except DeadKernelError:
        error = _failure(node, lesson, "the kernel ended while the cell ran")
    return error, node


async def _execute_cells(node: Any, lesson: Lesson) -> None:
    """Execute ``node`` cell by cell.

    Not through ``NotebookClient.async_execute``: it puts handlers for SIGINT on the event loop
    that end one kernel and swallow the Ctrl-C.
    """
    from nbclient import NotebookClient  # noqa: PLC0415

    client = NotebookClient(
        node,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(lesson.path.parent)}},
    )
    client.reset_execution_trackers()
    manager: Any = client.create_kernel_manager()
    try:
        await client.async_start_new_kernel(env={**os.environ, LABEL_VARIABLE: lesson.problem})
        await client.async_start_new_kernel_client()
        for index, cell in enumerate(node.cells):
            await client.async_execute_cell(cell, index, client.code_cells_executed + 1)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


def _without_outputs(notebook: Notebook) -> Notebook:
    for cell in code_cells(notebook):
        cell["outputs"] = []
        cell["execution_count"] = None
    return notebook


def _failure(notebook: Notebook, lesson: Lesson, message: str) -> str:
    number, cell = _last_executed(notebook)
    text = "\n".join(f"    {line}" for line in source(cell).splitlines())
    return f"{lesson.name}, cell {cell['id']} (code cell {number}) failed:\n{text}\n{message}"


def _last_executed(notebook: Notebook) -> tuple[int, Any]:
    started = [
        (number, cell)
        for number, cell in enumerate(code_cells(notebook), start=1)
        if "execution" in cell["metadata"]
    ]
    return started[-1] if started else (1, next(code_cells(notebook)))

"""Running lessons with a line of progress for each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import click

from workbench.cli.failure import failures_of
from workbench.execution.lessons import Lesson
from workbench.execution.notebook import BrokenNotebook
from workbench.execution.run import (
    Outcome,
    execution_environment,
    outputs_comparable,
    run_lessons,
)
from workbench.kernel.warm import start_warming
from workbench.postgres import ServerUnavailable, open_server


def run_with_progress(
    lessons: Sequence[Lesson], *, compare: bool, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    """Execute ``lessons`` on the server in use; print a line for each and call ``on_outcome``.

    Returns the outcomes. Raises Failure where there is no server or a notebook is broken.
    """
    started = time.monotonic()
    start_warming()
    with failures_of(ServerUnavailable, BrokenNotebook), open_server() as server:
        click.echo(f"{server.describe()}: {_lessons(len(lessons))}")
        if compare and not outputs_comparable(server):
            click.echo(
                "Outputs are not compared: the committed ones were made on PostgreSQL 18 with "
                "SQLAlchemy 2.1. Assertions are checked."
            )
            compare = False
        with execution_environment(server):
            outcomes = asyncio.run(_follow(lessons, compare=compare, on_outcome=on_outcome))
    failed = sum(not outcome.passed for outcome in outcomes)
    elapsed = time.monotonic() - started
    verdict = f"{failed} of {_lessons(len(outcomes))} failed" if failed else "all passed"
    click.echo(f"{verdict} in {elapsed:.1f} s")
    return outcomes


async def _follow(
    lessons: Sequence[Lesson], *, compare: bool, on_outcome: Callable[[Outcome], None]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    width = max((len(lesson.name) for lesson in lessons), default=0)
    async for outcome in run_lessons(lessons, compare=compare):
        outcomes.append(outcome)
        mark = click.style("ok    ", fg="green")
        if outcome.needs:
            click.echo(f"  left    {outcome.lesson.name}: needs PostgreSQL {outcome.needs}")
            continue
        if not outcome.passed:
            mark = click.style("FAILED", fg="red", bold=True)
        click.echo(
            f"  {mark}  {outcome.lesson.name:<{width}}  {outcome.seconds:5.1f} s"
            f"  ({len(outcomes)} of {len(lessons)})"
        )
        for text in [outcome.error, *outcome.differences]:
            if text:
                click.echo("\n" + text + "\n")
        on_outcome(outcome)
    return outcomes


def _lessons(count: int) -> str:
    return f"{count} lesson" if count == 1 else f"{count} lessons"

"""Commands for people who write lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.failure import Failure, failures_of
from workbench.execution.fingerprint import Fingerprints
from workbench.execution.lessons import (
    ROOT,
    Lesson,
    UnknownLesson,
    all_lessons,
    chosen_lessons,
)
from workbench.execution.listings import UnknownListing, fill_listings
from workbench.execution.notebook import BrokenNotebook, read_notebook, write_notebook
from workbench.execution.skeleton import CannotCreate, create_lesson

if TYPE_CHECKING:
    from workbench.execution.run import Outcome


@click.command()
@click.argument("lessons", nargs=-1)
def notebooks(lessons: tuple[str, ...]) -> None:
    """Execute LESSONS and write their listings and outputs into the notebooks.

    A lesson that fails keeps its file as it was.
    """
    from workbench.cli.running import run_with_progress  # noqa: PLC0415 - imports the database

    fingerprints = Fingerprints()
    written: list[Lesson] = []
    with failures_of(UnknownLesson, UnknownListing):
        chosen = chosen_lessons(lessons)

        def keep(outcome: Outcome) -> None:
            if outcome.error is None:
                if write_notebook(outcome.executed, outcome.lesson.path):
                    written.append(outcome.lesson)
                fingerprints.passed(outcome.lesson)

        outcomes = run_with_progress(chosen, compare=False, on_outcome=keep)
    names = ", ".join(sorted(lesson.name for lesson in written)) or "nothing changed"
    click.echo(f"Written: {names}")
    if any(not outcome.passed for outcome in outcomes):
        raise Failure("Lessons that failed were not written.")


@click.command()
@click.argument("lessons", nargs=-1)
def verify(lessons: tuple[str, ...]) -> None:
    """Execute LESSONS and compare their outputs with the committed ones."""
    with failures_of(UnknownLesson):
        verify_lessons(chosen_lessons(lessons))


def verify_lessons(lessons: list[Lesson]) -> None:
    """Execute and compare ``lessons``; remember which passed. Raises Failure if any did not."""
    from workbench.cli.running import run_with_progress  # noqa: PLC0415 - imports the database
    from workbench.execution.run import keep_stamp  # noqa: PLC0415

    fingerprints = Fingerprints()

    def remember(outcome: Outcome) -> None:
        keep_stamp(outcome.lesson, passed=outcome.passed)
        (fingerprints.passed if outcome.passed else fingerprints.failed)(outcome.lesson)

    with failures_of(UnknownListing):
        outcomes = run_with_progress(lessons, compare=True, on_outcome=remember)
    differ = sorted(outcome.lesson.name for outcome in outcomes if outcome.differences)
    broken = sorted(outcome.lesson.name for outcome in outcomes if outcome.error)
    sentences = []
    if broken:
        sentences.append(f"Failed: {', '.join(broken)}.")
    if differ:
        sentences.append(
            f"Outputs differ: {', '.join(differ)}. If the new ones are right, "
            "`make notebooks` writes them."
        )
    if sentences:
        raise Failure(" ".join(sentences))


@click.command()
@click.argument("lessons", nargs=-1)
def listings(lessons: tuple[str, ...]) -> None:
    """Write the listing cells of LESSONS from the snippet files."""
    with failures_of(UnknownLesson, UnknownListing, BrokenNotebook):
        for lesson in chosen_lessons(lessons):
            notebook = read_notebook(lesson.path)
            changed = fill_listings(notebook)
            if changed and write_notebook(notebook, lesson.path):
                click.echo(f"{lesson.name}: {', '.join(changed)}")


@click.command()
@click.argument("lesson")
def new(lesson: str) -> None:
    """Create LESSON, given as topic/problem, with its place in the navigation.

    The lesson passes as it is; fill it, then run `workbench notebooks TOPIC/PROBLEM`.
    """
    with failures_of(CannotCreate):
        created = create_lesson(lesson)
    for path in created:
        click.echo(f"wrote {path.relative_to(ROOT).as_posix()}")
    click.echo(f"Next: workbench notebooks {lesson}")


@click.command("list")
def list_lessons() -> None:
    """List the lessons by name."""
    for lesson in all_lessons():
        click.echo(lesson.name)

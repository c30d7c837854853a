"""Trying an exercise as its readers do: what it begins with must fail, its solution must pass."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from workbench.execution.exercise import Exercise
from workbench.execution.lessons import Lesson
from workbench.execution.notebook import Cell, Notebook, code_cells
from workbench.execution.run import execute

SOLUTION = "solution"
MISTAKES = frozenset(
    {
        "AttributeError",
        "ImportError",
        "IndentationError",
        "ModuleNotFoundError",
        "NameError",
        "SyntaxError",
        "UnboundLocalError",
    }
)
"""Errors that tell of a slip in the exercise's own code and never what an exercise is about."""


class Trial(StrEnum):
    """The two ways in which readers come to a check."""

    START = "start"
    SOLUTION = "solution"


async def fault_of(
    exercise: Exercise, trial: Trial, *, lesson: Lesson, notebook: Notebook
) -> str | None:
    """Execute ``trial`` after the cells before the solution; return what is wrong, or None.

    START: what the exercise begins with fails with a message that helps, and the stored solution
    passes in the same session, as it does for a reader who corrects a first try. SOLUTION: the
    stored solution passes, and does so again when the reader checks twice.
    """
    cells = list(code_cells(notebook))
    first = next(index for index, cell in enumerate(cells) if _is_solution(cell))
    solution = [_tolerant(cell) for cell in cells if _is_solution(cell)]
    check = exercise.check
    if trial is Trial.START:
        added = [_cell("start", exercise.start), _cell("check", check)]
        added += [*solution, _cell("check-again", check)]
    else:
        added = [*solution, _cell("check", check), _cell("check-again", check)]
    error, executed = await execute({**notebook, "cells": cells[:first] + added}, lesson)
    if error:
        return error
    errors = {cell["id"]: found for cell in executed["cells"] if (found := _error(cell))}
    return _start_fault(errors) if trial is Trial.START else _solution_fault(errors)


def _start_fault(errors: dict[str, Any]) -> str | None:
    first = errors.pop("start", None) or errors.get("check")
    errors.pop("check", None)
    if first is None:
        return "What the exercise begins with passes the check already."
    if first["ename"] in MISTAKES:
        return f"The exercise begins with a slip and not with its problem: {_said(first)}"
    if first["ename"] == "AssertionError" and not first["evalue"].strip():
        return "What the exercise begins with fails without a message for the reader."
    if errors:
        return (
            "After a first try the stored solution does not pass, so `start` or `check` leaves "
            f"something behind: {_said(next(iter(errors.values())))}"
        )
    return None


def _solution_fault(errors: dict[str, Any]) -> str | None:
    again = errors.pop("check-again", None)
    if errors:
        return f"The stored solution does not pass: {_said(next(iter(errors.values())))}"
    if again:
        return f"The check fails the second time, so it leaves something behind: {_said(again)}"
    return None


def _is_solution(cell: Cell) -> bool:
    return SOLUTION in cell["metadata"].get("tags", ())


def _tolerant(cell: Cell) -> Cell:
    return _cell(cell["id"], cell["source"])


def _cell(identifier: str, text: str) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identifier,
        "metadata": {"tags": ["raises-exception"]},
        "outputs": [],
        "source": text,
    }


def _error(cell: Cell) -> dict[str, Any] | None:
    return next((output for output in cell["outputs"] if output["output_type"] == "error"), None)


def _said(error: dict[str, Any]) -> str:
    return f"{error['ename']}: {error['evalue']}"

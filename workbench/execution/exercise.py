"""The exercise of a lesson: what its reader begins with, what decides, and what helps.

It is the table ``[exercise]`` of the TOML file beside the notebook.
"""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench.execution.lessons import Lesson

FEWEST_HINTS = 2
LONGEST_HINT = 120


class BrokenExercise(Exception):
    """Says in one sentence which file's exercise cannot be used, and why."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """Code to begin with, code that fails unless the reader's is right, and hints in order."""

    start: str
    check: str
    hints: tuple[str, ...]


def exercise_of(lesson: Lesson) -> Exercise | None:
    """Return the exercise of ``lesson``, or None where there is none. Raises BrokenExercise."""
    return exercise_beside(lesson.path)


def exercise_beside(notebook: Path) -> Exercise | None:
    """Return the exercise in the TOML file beside ``notebook``, or None where there is none.

    Raises BrokenExercise for a file that is not TOML; for an unknown, missing or empty key; for
    code that is not Python; for a check without assertions, or with one that has no message; and
    for hints that are too few, too long or of several lines.
    """
    path = notebook.with_suffix(".toml")
    if not path.exists():
        return None
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenExercise(f"{path.name} is not TOML: {error}.") from None
    if "exercise" not in content:
        return None
    try:
        return _exercise(content["exercise"])
    except BrokenExercise as error:
        raise BrokenExercise(f"{path.name}: {error}") from None


def _exercise(table: Any) -> Exercise:
    if not isinstance(table, dict):
        raise BrokenExercise("`exercise` must be a table.")
    keys = [field.name for field in fields(Exercise)]
    for key in table:
        if key not in keys:
            known = ", ".join(keys)
            raise BrokenExercise(f"the exercise has an unknown key {key!r}; it has {known}.")
    for key in keys:
        if key not in table:
            raise BrokenExercise(f"the exercise has no `{key}`.")
    start, check = _code("start", table["start"]), _code("check", table["check"])
    _refuse_silent_assertions(check)
    return Exercise(start=start, check=check, hints=_hints(table["hints"]))


def _code(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BrokenExercise(f"`{key}` of the exercise must be code.")
    try:
        compile(value, key, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        raise BrokenExercise(
            f"`{key}` of the exercise is not Python: {error.msg}, in its line {error.lineno}."
        ) from None
    return value.strip("\n")


def _refuse_silent_assertions(check: str) -> None:
    assertions = [node for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Assert)]
    if not assertions:
        raise BrokenExercise("`check` of the exercise asserts nothing.")
    for assertion in assertions:
        if assertion.msg is None:
            text = ast.unparse(assertion)
            raise BrokenExercise(f"`check` of the exercise has no message for `{text}`.")


def _hints(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BrokenExercise("`hints` of the exercise must be a list.")
    if len(value) < FEWEST_HINTS:
        raise BrokenExercise(f"the exercise needs {FEWEST_HINTS} hints or more, not {len(value)}.")
    for number, hint in enumerate(value, start=1):
        if not isinstance(hint, str) or not hint.strip() or "\n" in hint:
            raise BrokenExercise(f"hint {number} of the exercise must be one line of text.")
        if len(hint) >= LONGEST_HINT:
            raise BrokenExercise(
                f"hint {number} of the exercise has {len(hint)} characters; "
                f"a hint has fewer than {LONGEST_HINT}."
            )
    return tuple(value)

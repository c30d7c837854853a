"""The lessons of this repository."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"


class UnknownLesson(Exception):
    """Names a lesson that does not exist, and those that come near."""


@dataclass(frozen=True, order=True)
class Lesson:
    """A notebook named by its topic and its problem."""

    topic: str
    problem: str

    @property
    def name(self) -> str:
        return f"{self.topic}/{self.problem}"

    @property
    def path(self) -> Path:
        return NOTEBOOKS / self.topic / f"{self.problem}.ipynb"


def lesson_at(path: Path) -> Lesson:
    """Return the lesson stored at ``path``."""
    return Lesson(path.parent.name, path.stem)


def all_lessons() -> list[Lesson]:
    """Return every lesson, by topic and name."""
    return sorted(lesson_at(path) for path in NOTEBOOKS.glob("*/*.ipynb"))


def chosen_lessons(names: Sequence[str]) -> list[Lesson]:
    """Return the lessons called ``names``: ``topic/problem``, ``problem``, a topic or a path.

    All lessons where there are no names. Raises UnknownLesson for a name that fits none.
    """
    lessons = all_lessons()
    if not names:
        return lessons
    chosen: dict[Lesson, None] = {}
    for name in names:
        wanted = name.removesuffix(".ipynb").rstrip("/")
        wanted = wanted.partition("notebooks/")[2] or wanted
        found = [
            lesson for lesson in lessons if wanted in (lesson.name, lesson.problem, lesson.topic)
        ]
        if not found:
            known = {name for lesson in lessons for name in (lesson.name, lesson.problem)}
            near = difflib.get_close_matches(wanted, sorted(known), n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else "`workbench list` shows all."
            raise UnknownLesson(f"There is no lesson called {name!r}: {hint}")
        chosen |= dict.fromkeys(found)
    return list(chosen)

"""A new lesson that already passes, for a contributor to fill."""

from __future__ import annotations

import re
from pathlib import Path

from workbench.execution.lessons import ROOT, Lesson
from workbench.execution.notebook import Notebook, write_notebook

CLAIM = """\
[[claim]]
id = "three-values-take-three-statements"
says = "What people say."
verdict = "fails"
evidence = "What the run answered, with its figure."
instead = "What to do instead."
cell = "one-statement"
"""
EXERCISE = '''
[exercise]
start = """
with record(engine) as sent:
    async with engine.connect() as connection:
        for number in (4, 5, 6):
            await connection.execute(text("SELECT :n + 0"), {"n": number})
"""
check = """
assert len(sent) == 1, f"the values took {len(sent)} statements and not 1"
"""
hints = [
    "Say where to look.",
    "Say what to use; each hint comes closer to the answer.",
]
'''
NAME = re.compile(r"[a-z][a-z]*(?:_[a-z]+)*")


class CannotCreate(Exception):
    """Says why the lesson cannot be created and what to do."""


def create_lesson(name: str, *, root: Path = ROOT) -> list[Path]:
    """Write the lesson ``topic/problem`` with its entry in the navigation; return the files.

    Raises CannotCreate, having written nothing, where the name breaks the naming rule or the
    lesson exists.
    """
    topic, slash, problem = name.partition("/")
    if not slash or not NAME.fullmatch(topic) or not NAME.fullmatch(problem):
        raise CannotCreate(
            f"{name!r} is not of the form topic/problem: lower-case words joined by "
            "underscores, without digits, such as queries/n_plus_one."
        )
    lesson = Lesson(topic, problem)
    path = root / "notebooks" / topic / f"{problem}.ipynb"
    if path.exists():
        raise CannotCreate(f"The lesson {lesson.name} exists already: open {path.name} instead.")
    navigation = root / "mkdocs.yml"
    text = with_entry(navigation.read_text(encoding="utf-8"), lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_notebook(_skeleton(problem), path)
    claims = path.with_suffix(".toml")
    claims.write_text(CLAIM + EXERCISE, encoding="utf-8")
    navigation.write_text(text, encoding="utf-8")
    return [path, claims, navigation]


def with_entry(text: str, lesson: Lesson) -> str:
    """Return the text of ``mkdocs.yml`` with ``lesson`` last in its topic of the navigation.

    Raises CannotCreate where the navigation has no lessons to stand beside.
    """
    entry = f"{lesson.topic}/{lesson.problem}.ipynb"
    of_topic = rf"(?m)^(?P<indent> +)- .*\b{re.escape(lesson.topic)}/\w+\.ipynb *$"
    of_any = r"(?m)^(?P<indent> +)- .*\b\w+/\w+\.ipynb *$"
    if same := list(re.finditer(of_topic, text)):
        place = same[-1]
        prefix = _mounted(place[0])
        return f"{text[: place.end()]}\n{place['indent']}- {prefix}{entry}{text[place.end() :]}"
    if others := list(re.finditer(of_any, text)):
        place = others[-1]
        prefix, indent = _mounted(place[0]), place["indent"]
        above = re.findall(r"(?m)^( *)- [^\n]+: *$", text[: place.start()])[-1]
        heading = f"{above}- {lesson.topic.replace('_', ' ').capitalize()}:"
        added = f"\n{heading}\n{indent}- {prefix}{entry}"
        return text[: place.end()] + added + text[place.end() :]
    raise CannotCreate("mkdocs.yml lists no lesson in nav, so the new one has no place there.")


def _mounted(line: str) -> str:
    """Return what stands before ``topic/problem.ipynb`` in a line of the navigation."""
    found = re.search(r"(?:^|\s)(?P<prefix>(?:\w+/)*?)\w+/\w+\.ipynb", line)
    return found["prefix"] if found else ""


def _skeleton(problem: str) -> Notebook:
    words = problem.replace("_", " ")
    cells = [
        _markdown(
            "claim",
            f"# Say what you do about {words} and what it brings\n\n"
            "The claim, with the figures that the cells below assert.",
        ),
        _code(
            "setup",
            "from sqlalchemy import text\n"
            "from sqlalchemy.ext.asyncio import create_async_engine\n\n"
            "from workbench.lesson import database_url, expect, record\n\n"
            "engine = create_async_engine(database_url())",
            tags=["setup"],
        ),
        _markdown("wrong-way", "## The wrong way and what it costs\n\nWhat to look for:"),
        _code(
            "three-statements",
            "with record(engine) as sent:\n"
            "    async with engine.connect() as connection:\n"
            "        for number in range(3):\n"
            '            await connection.execute(text("SELECT :n + 0"), {"n": number})\n'
            "sent",
        ),
        _markdown("right-way", "## The right way\n\nWhat we saw, and the remedy:"),
        _code(
            "one-statement",
            "with record(engine) as sent:\n"
            "    async with engine.connect() as connection:\n"
            '        await connection.execute(text("SELECT generate_series(0, 2)"))\n'
            "assert len(sent) == 1\n"
            "sent",
        ),
        _markdown("limits", "## When not to\n\nWhere the remedy costs more than it brings."),
        _markdown("exercise", "## Exercise\n\nA task whose check is an assertion."),
        _code(
            "solution",
            "with record(engine) as sent:\n"
            "    async with engine.connect() as connection:\n"
            '        await connection.execute(text("SELECT generate_series(4, 6)"))',
            tags=["solution"],
        ),
    ]
    return {"cells": cells}


def _markdown(identifier: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": identifier, "metadata": {}, "source": text}


def _code(identifier: str, text: str, *, tags: list[str] | None = None) -> dict[str, object]:
    metadata = {"tags": tags} if tags else {}
    return {"cell_type": "code", "id": identifier, "metadata": metadata, "source": text}

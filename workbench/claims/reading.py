"""The claims of a lesson, kept in a TOML file beside its notebook."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from workbench.execution.lessons import Lesson, all_lessons


class BrokenClaims(Exception):
    """Says which file of claims cannot be read, which entry of it, and why."""


class Verdict(StrEnum):
    """What became of a claim when it was run; from the best to the worst."""

    HOLDS = "holds"
    LIMITED = "holds within limits"
    MISLEADS = "misleads"
    FAILS = "fails"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim as people say it, and the answer that one cell of a lesson gives to it.

    ``rule`` is its place among the numbered rules, None for the others. ``says``, ``evidence``
    and ``instead`` are one line of Markdown each.
    """

    lesson: Lesson
    id: str
    says: str
    verdict: Verdict
    evidence: str
    cell: str
    instead: str | None = None
    rule: int | None = None

    @property
    def name(self) -> str:
        """The name of the claim in the whole repository: ``topic/problem#id``."""
        return f"{self.lesson.name}#{self.id}"


def claims_file(lesson: Lesson) -> Path:
    """Return the path of the file that holds the claims of ``lesson``."""
    return lesson.path.with_suffix(".toml")


def all_claims(lessons: Sequence[Lesson] | None = None) -> list[Claim]:
    """Return the claims of ``lessons``, all by default. Raises BrokenClaims."""
    chosen = all_lessons() if lessons is None else lessons
    return [claim for lesson in chosen for claim in claims_of(lesson)]


def claims_of(lesson: Lesson) -> list[Claim]:
    """Return the claims of ``lesson`` in the order of its file; none where there is no file.

    The same file may hold the lesson's exercise, its comparison and words for the search, which
    are not read here. Raises BrokenClaims for a file that is not TOML, for an unknown, missing or
    empty entry, for text of several lines, and for an id that occurs twice.
    """
    path = claims_file(lesson)
    if not path.exists():
        return []
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrokenClaims(f"{path.name} is not TOML: {error}") from None
    entries = content.get("claim")
    if set(content) - {"exercise", "search", "comparison"} != {"claim"} or not isinstance(
        entries, list
    ):
        raise BrokenClaims(f"{path.name} holds something else than a list of [[claim]].")
    claims = [_claim(lesson, entry, path.name) for entry in entries]
    ids = [claim.id for claim in claims]
    for claim in claims:
        if ids.count(claim.id) > 1:
            raise BrokenClaims(f"{path.name}: two claims are called {claim.id}.")
    return claims


def _claim(lesson: Lesson, entry: Any, file: str) -> Claim:
    where = f"{file}: claim {entry.get('id')!r}" if isinstance(entry, dict) else file
    try:
        claim = Claim(lesson=lesson, **entry | {"verdict": Verdict(entry["verdict"])})
    except KeyError:
        raise BrokenClaims(f"{where} has no verdict.") from None
    except ValueError as error:
        known = ", ".join(Verdict)
        raise BrokenClaims(f"{where}: {error}; the verdicts are: {known}.") from None
    except TypeError as error:
        raise BrokenClaims(f"{where}: {error}.") from None
    for name in ("id", "says", "evidence", "cell", "instead"):
        value = getattr(claim, name)
        optional = name == "instead" and claim.verdict is Verdict.HOLDS
        if not (value is None and optional) and not _is_line(value):
            raise BrokenClaims(f"{where}: `{name}` must be one line of text.")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", claim.id):
        raise BrokenClaims(f"{where}: an id is lower-case words joined by hyphens.")
    if claim.rule is not None and not isinstance(claim.rule, int):
        raise BrokenClaims(f"{where}: `rule` must be a number.")
    return claim


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value

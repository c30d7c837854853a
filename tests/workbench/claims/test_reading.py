"""Files of claims are read whole, or refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.claims import BrokenClaims, Verdict, claims_of
from workbench.execution import lessons
from workbench.execution.lessons import Lesson

GOOD = """\
[[claim]]
id = "or-is-slow"
says = "A keyset is fast."
verdict = "holds within limits"
evidence = "It reads 20 rows."
instead = "Compare rows."
cell = "rows"
"""


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    (tmp_path / "queries").mkdir()
    return Lesson("queries", "slow")


def written(lesson: Lesson, text: str) -> Lesson:
    lesson.path.with_suffix(".toml").write_text(text, encoding="utf-8")
    return lesson


def test_a_lesson_without_a_file_has_no_claims(lesson: Lesson) -> None:
    assert claims_of(lesson) == []


def test_a_claim_keeps_what_the_file_says(lesson: Lesson) -> None:
    (claim,) = claims_of(written(lesson, GOOD + "rule = 8\n"))
    assert claim.name == "queries/slow#or-is-slow"
    assert claim.verdict is Verdict.LIMITED
    assert (claim.says, claim.evidence) == ("A keyset is fast.", "It reads 20 rows.")
    assert (claim.instead, claim.cell, claim.rule) == ("Compare rows.", "rows", 8)


def test_an_exercise_beside_the_claims_is_left_alone(lesson: Lesson) -> None:
    (claim,) = claims_of(written(lesson, GOOD + '[exercise]\nstart = "x"\n'))
    assert claim.name == "queries/slow#or-is-slow"


def test_only_a_claim_that_holds_needs_no_remedy(lesson: Lesson) -> None:
    without = GOOD.replace('instead = "Compare rows."\n', "")
    with pytest.raises(BrokenClaims, match="`instead` must be one line"):
        claims_of(written(lesson, without))
    assert claims_of(written(lesson, without.replace(" within limits", "")))[0].instead is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[claim]\n", "slow.toml is not TOML"),
        ('title = "x"\n', "something else than a list"),
        (GOOD + '[rules]\nx = "y"\n', "something else than a list"),
        ('[exercise]\nx = "y"\n', "something else than a list"),
        ("claim = 3\n", "something else than a list"),
        ("claim = [3]\n", "slow.toml"),
        (GOOD.replace("holds within limits", "true"), "'true' is not a valid Verdict"),
        (GOOD.replace("verdict", "answer"), "has no verdict"),
        (GOOD.replace("cell", "cells"), "cells"),
        (GOOD.replace('cell = "rows"\n', ""), "cell"),
        (GOOD.replace("It reads 20 rows.", " "), "`evidence` must be one line"),
        (GOOD.replace("A keyset is fast.", "Two\\nlines."), "`says` must be one line"),
        (GOOD.replace("or-is-slow", "Or is slow"), "lower-case words"),
        (GOOD + 'rule = "8"\n', "`rule` must be a number"),
        (GOOD + GOOD, "two claims are called or-is-slow"),
    ],
)
def test_anything_else_is_refused_with_the_place(lesson: Lesson, text: str, said: str) -> None:
    with pytest.raises(BrokenClaims) as refused:
        claims_of(written(lesson, text))
    assert said in str(refused.value)
    assert str(refused.value).startswith("slow.toml")

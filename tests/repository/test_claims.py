"""Every claim has its evidence, and no numbered rule is left out."""

from __future__ import annotations

import pytest

from workbench.claims import all_claims, claims_of, doubts
from workbench.execution.lessons import all_lessons
from workbench.execution.notebook import read_notebook

LESSONS = all_lessons()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lessons_claims_are_proved_by_its_cells(lesson) -> None:  # type: ignore[no-untyped-def]
    claims = claims_of(lesson)
    assert claims, "a lesson examines at least one claim"
    notebook = read_notebook(lesson.path)
    assert [doubt for claim in claims for doubt in doubts(claim, notebook)] == []


def test_each_of_the_eleven_rules_has_one_verdict() -> None:
    assert sorted(claim.rule for claim in all_claims() if claim.rule) == list(range(1, 12))


def test_no_file_of_claims_lies_beside_no_lesson() -> None:
    folder = LESSONS[0].path.parents[1]
    stray = {path.with_suffix(".ipynb") for path in folder.rglob("*.toml")}
    assert stray <= {lesson.path for lesson in LESSONS}

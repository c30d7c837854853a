"""A claim is doubted where its cell does not prove it."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.claims import Claim, Verdict, doubts
from workbench.execution.lessons import Lesson


def claim(evidence: str, *, cell: str = "rows") -> Claim:
    return Claim(
        lesson=Lesson("queries", "slow"),
        id="reads-all",
        says="It reads all.",
        verdict=Verdict.HOLDS,
        evidence=evidence,
        cell=cell,
    )


def notebook(source: str, *, output: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    code = {"cell_type": "code", "id": "rows", "source": source, "outputs": outputs}
    prose = {"cell_type": "markdown", "id": "prose", "source": "assert nothing"}
    return {"cells": [prose, code]}


@pytest.mark.parametrize(
    "source",
    ["assert rows == 90_020", "if True:\n    assert x, 90020", "with expect(E, '90,020'):"],
)
def test_a_figure_in_an_asserting_cell_is_believed(source: str) -> None:
    assert doubts(claim("It reads 90,020 rows."), notebook(source)) == []


def test_a_figure_may_stand_in_the_output() -> None:
    shown = notebook("assert rows", output="rows: 90020")
    assert doubts(claim("It reads 90,020 rows."), shown) == []


def test_a_figure_that_the_cell_does_not_show_is_doubted() -> None:
    assert doubts(claim("It reads 20 rows and 4 pages."), notebook("assert rows == 20")) == [
        "queries/slow#reads-all: the cell rows shows no 4"
    ]
    assert doubts(claim("It reads 2 rows."), notebook("assert rows == 20")) != []


def test_names_and_versions_are_no_figures() -> None:
    evidence = "On PostgreSQL 18.6 the error is `23505`."
    assert doubts(claim(evidence), notebook("assert rows")) == []


@pytest.mark.parametrize(
    ("cell", "said"),
    [("gone", "has no cell gone"), ("prose", "asserts nothing"), ("rows", "asserts nothing")],
)
def test_a_cell_that_proves_nothing_is_named(cell: str, said: str) -> None:
    (doubt,) = doubts(claim("It does.", cell=cell), notebook("unexpected = asserted(rows)"))
    assert said in doubt

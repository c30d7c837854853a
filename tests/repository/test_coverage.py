"""Each section, block of code and claim of the design is answered by a run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from workbench.claims import all_claims
from workbench.execution.lessons import NOTEBOOKS
from workbench.execution.notebook import read_notebook, source

ITEMS = tomllib.loads((Path(__file__).parent / "coverage.toml").read_text(encoding="utf-8"))["item"]


@pytest.fixture(scope="module")
def proofs() -> set[str]:
    claims = all_claims()
    return {claim.name for claim in claims} | {
        f"rule {claim.rule}" for claim in claims if claim.rule
    }


def test_the_whole_design_is_listed() -> None:
    listed = [(item["section"], item["what"]) for item in ITEMS]
    assert len(listed) == len(set(listed)) > 80
    assert len({section for section, _ in listed}) >= 25
    assert {item["kind"] for item in ITEMS} == {"claim", "code"}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: f"{item['section']}: {item['what']}")
def test_a_run_answers(item: dict[str, str], proofs: set[str]) -> None:
    lesson, at, cell = item["proof"].partition("@")
    if not at:
        assert item["proof"] in proofs
        return
    cells = {each["id"]: each for each in read_notebook(NOTEBOOKS / f"{lesson}.ipynb")["cells"]}
    assert re.search(r"^\s*assert\b|\bexpect\(", source(cells[cell]), re.MULTILINE)

"""Whether the cell that a claim names proves what the claim says about it."""

from __future__ import annotations

import json
import re

from workbench.claims.reading import Claim
from workbench.execution.notebook import Cell, Notebook, outputs, source

_ASSERTING = re.compile(r"^\s*assert\b|\bexpect\(", re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_VERSION = re.compile(r"\b(?:PostgreSQL|SQLAlchemy|Alembic|FastAPI|Python|asyncpg) \d[\d.]*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SEPARATOR = re.compile(r"(?<=\d)[,_](?=\d{3})")


def doubts(claim: Claim, notebook: Notebook) -> list[str]:
    """Return what speaks against ``claim`` in the lesson's ``notebook``: nothing, if all is well.

    The cell must exist, be code, and assert something or expect an error. Each number that the
    evidence gives in digits must stand in that cell or in its output; numbers inside backticks
    and versions of products are names and not figures.
    """
    cells: dict[str, Cell] = {cell["id"]: cell for cell in notebook["cells"]}
    cell = cells.get(claim.cell)
    if cell is None:
        return [f"{claim.name}: the lesson has no cell {claim.cell}"]
    if cell["cell_type"] != "code" or not _ASSERTING.search(source(cell)):
        return [f"{claim.name}: the cell {claim.cell} asserts nothing"]
    shown = source(cell) + json.dumps(outputs(cell), ensure_ascii=False)
    known = set(_NUMBER.findall(_SEPARATOR.sub("", shown)))
    figures = _NUMBER.findall(_SEPARATOR.sub("", _VERSION.sub("", _CODE.sub("", claim.evidence))))
    return [
        f"{claim.name}: the cell {claim.cell} shows no {figure}"
        for figure in figures
        if figure not in known
    ]

"""The scratchpad: a page of prose whose marked blocks of code are cells that run in the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workbench.markdown import fenced

PAGE = "scratchpad.md"
_CELL = re.compile(
    r"^<!-- cell: (?P<id>[a-z-]+)(?P<tags>(?: [a-z]+)*) -->\n"
    r"```(?P<language>python|sql)\n(?P<source>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)


def cells(markdown: str) -> list[dict[str, Any]]:
    """Return the cells of ``markdown`` as ``live.json`` has them.

    A comment before a block makes it a cell: ``<!-- cell: ID TAGS -->``.
    """
    return [
        {
            "id": found["id"],
            "kind": "code",
            "language": found["language"],
            "source": found["source"],
            "tags": found["tags"].split(),
        }
        for found in _CELL.finditer(markdown)
    ]


def with_cells(markdown: str) -> str:
    """Return ``markdown`` with each cell in the element that the page's script looks for."""
    return "".join(_parts(markdown))


def _parts(markdown: str) -> Iterator[str]:
    at = 0
    for found in _CELL.finditer(markdown):
        yield markdown[at : found.start()]
        yield _element(found)
        at = found.end()
    yield markdown[at:]


def _element(found: re.Match[str]) -> str:
    code = fenced(found["source"], language=found["language"])
    cell = (
        f'<div id="cell-{found["id"]}"></div>\n\n'
        f"//// html | div.cell.{found['language']}\n    attrs: {{data-cell: {found['id']}}}\n\n"
        f"{code}\n\n////"
    )
    if "setup" in found["tags"].split():
        return f"///// details | Setup: {found['id']}\n    type: setup\n\n{cell}\n\n/////"
    return cell

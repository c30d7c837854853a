"""Listing cells: the text of a snippet, verbatim, inside a lesson."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

from workbench.execution.lessons import ROOT
from workbench.execution.notebook import Cell, Notebook, source


class UnknownListing(Exception):
    """Says which listing names a file or a definition that does not exist."""


def listing_text(address: str, *, root: Path = ROOT) -> str:
    """Return what ``address`` names: ``snippets/topic/remedy.py`` or ``…py::Name,Other``.

    Definitions come verbatim, with decorators, in the order named. Raises UnknownListing for
    an address outside ``snippets/``, a missing file or a name not defined at its top level.
    """
    file, _, names = address.partition("::")
    path = (root / file).resolve()
    if not path.is_relative_to((root / "snippets").resolve()) or not path.is_file():
        raise UnknownListing(f"the listing {address!r} names no file in snippets/")
    text = path.read_text(encoding="utf-8")
    if not names:
        return text.rstrip("\n")
    definitions = _definitions(text)
    missing = [name for name in names.split(",") if name not in definitions]
    if missing:
        raise UnknownListing(f"{file} defines no {' and no '.join(missing)} at its top level")
    shown = [definitions[name] for name in names.split(",")]
    gaps = ["\n" if one_line(pair) else "\n\n\n" for pair in pairwise(shown)]
    return "".join(part for parts in zip(shown, [*gaps, ""], strict=True) for part in parts)


def one_line(definitions: tuple[str, ...]) -> bool:
    """Return whether each of ``definitions`` is a single line, such as the alias of a type."""
    return not any("\n" in definition for definition in definitions)


def _definitions(text: str) -> dict[str, str]:
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        block = "\n".join(lines[start - 1 : node.end_lineno])
        for name in _names(node):
            found[name] = block
    return found


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.TypeAlias():
            return [node.name.id]
        case _:
            return []


def expected_source(cell: Cell, *, root: Path = ROOT) -> str | None:
    """Return what the source of ``cell`` must be, or None for a cell that is no listing.

    A Markdown cell shows the listing in a fence between its own first and last paragraphs.
    """
    address = cell["metadata"].get("listing")
    if address is None:
        return None
    text = listing_text(address, root=root)
    if cell["cell_type"] == "code":
        return text
    before, fence, rest = source(cell).partition("```python\n")
    after = rest.partition("\n```")[2] if fence else ""
    return f"{before}```python\n{text}\n```{after}"


def fill_listings(notebook: Notebook, *, root: Path = ROOT) -> list[str]:
    """Write every listing cell of ``notebook`` anew; return the ids of those that changed."""
    changed = []
    for cell in notebook["cells"]:
        text = expected_source(cell, root=root)
        if text is not None and text != source(cell):
            cell["source"] = text
            changed.append(cell["id"])
    return changed


def stale_listings(lesson: str, notebook: Notebook, *, root: Path = ROOT) -> list[str]:
    """Return one sentence for each cell of ``notebook`` whose listing is not its snippet's text."""
    return [
        f"{lesson}, cell {cell['id']}: the listing is not what {cell['metadata']['listing']} "
        "says; `workbench listings` writes it anew"
        for cell in notebook["cells"]
        if expected_source(cell, root=root) not in (None, source(cell))
    ]

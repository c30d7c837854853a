"""Imports rewritten for a project; every other character of a file stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby

from database_patterns.imports import MENTIONED, OURS, Imports, strings
from database_patterns.layout import Layout

WIDTH = 88  # the usual limit: a longer import is wrapped, which a wider limit leaves as it is
_MODULE = re.compile(r"(\s*from\s+)[\w.]+(\s+import\b)")


def rewritten(source: str, imports: Imports, layout: Layout) -> str:
    """Return the text of the file ``source`` with its imports of ours as ``layout`` has them.

    Names of our modules in strings are rewritten too, since files are written from them. Imports
    that become relative stand last, in the order that isort and ruff expect.
    """
    text = imports.sources.text(source)
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    for first, last in _spans(tree):
        for number in range(first, last + 1):
            lines[number - 1] = MENTIONED.sub(
                lambda found: _in_string(found[0], imports, layout, source), lines[number - 1]
            )
    for block in sorted(_blocks(tree), key=lambda block: -block[0].lineno):
        start, end = block[0].lineno - 1, block[-1].end_lineno or block[-1].lineno
        statements = [
            each for node in block for each in _moved(node, lines, imports, layout, source)
        ]
        absolute = [text for module, text in statements if not module.startswith(".")]
        relative = sorted(
            (pair for pair in statements if pair[0].startswith(".")),
            key=lambda pair: (-len(pair[0]) + len(pair[0].lstrip(".")), pair[0]),
        )
        gap = ["\n"] if absolute and relative else []
        lines[start:end] = [*absolute, *gap, *(text for _, text in relative)]
    return "".join(lines)


def _spans(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node, _ in strings(tree):
        yield node.lineno, node.end_lineno or node.lineno


def _in_string(name: str, imports: Imports, layout: Layout, source: str) -> str:
    module = imports.mentioned(name)
    if module is None:
        return name
    return layout.module(module, importer=source) + name.removeprefix(module)


def _blocks(tree: ast.Module) -> Iterator[list[ast.ImportFrom]]:
    """Yield the imports of ours that stand line under line, together."""
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(body, list):
                yield from _runs(body)


def _runs(body: list[ast.stmt]) -> Iterator[list[ast.ImportFrom]]:
    ours = [
        node
        for node in body
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OURS
    ]
    # Neighbours have the same distance from the count of lines before them.
    before: dict[int, int] = {}
    lines = 0
    for node in ours:
        before[id(node)] = node.lineno - lines
        lines += (node.end_lineno or node.lineno) - node.lineno + 1
    for _, run in groupby(ours, key=lambda node: before[id(node)]):
        yield list(run)


def _moved(
    node: ast.ImportFrom, lines: list[str], imports: Imports, layout: Layout, source: str
) -> list[tuple[str, str]]:
    """Return the statement for its new place, as module and text: several where names part."""
    assert node.module is not None
    names: dict[str, list[ast.alias]] = {}
    for alias in node.names:
        module = imports.defining(node.module, alias.name)
        names.setdefault(layout.module(module, importer=source), []).append(alias)
    text = "".join(lines[node.lineno - 1 : node.end_lineno])
    if len(names) == 1:
        [module] = names
        moved = _MODULE.sub(rf"\g<1>{module}\g<2>", text, count=1)
        return [(module, _wrapped(node, module, moved))]
    indent = " " * node.col_offset
    return [
        (module, _wrapped(node, module, f"{indent}from {module} import {_listed(aliases)}\n"))
        for module, aliases in names.items()
    ]


def _listed(aliases: list[ast.alias]) -> str:
    return ", ".join(ast.unparse(alias) for alias in aliases)


def _wrapped(node: ast.ImportFrom, module: str, text: str) -> str:
    if len(text.rstrip("\n")) <= WIDTH or text.count("\n") > 1:
        return text
    indent = " " * node.col_offset
    names = "".join(f"{indent}    {ast.unparse(alias)},\n" for alias in node.names)
    return f"{indent}from {module} import (\n{names}{indent})\n"

"""What the functions and classes of a snippet cost in statements, as their docstrings say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

_SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z`])")
_NUMBER = "no|one|two|three|four|five|six|[0-9]+"
_COST = re.compile(
    rf"""\bcosts?\b
    | \bsends\ (?:nothing|one|no|`)
    | \b(?:{_NUMBER})\ (?:statements?|SELECT|INSERT|UPDATE|DELETE)\b
    | \b(?:statements|COMMIT)\ .*of\ the\ endpoint
    | ^Adds\ no\ """,
    re.IGNORECASE | re.VERBOSE,
)


class Cost(NamedTuple):
    """A sentence about the cost of the public ``name``."""

    name: str
    says: str


def costs(text: str) -> list[Cost]:
    """Return what the docstrings of the module ``text`` say about costs, in its order."""
    return [
        Cost(name, sentence)
        for name, docstring in _documented(ast.parse(text).body)
        for sentence in _SENTENCE.split(" ".join(docstring.split()))
        if _COST.search(sentence)
    ]


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield node.name, ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{name}", text) for name, text in _documented(node.body))

"""Copies of a module, each with one part removed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A module's source without one part; ``removed`` is that part, on one line."""

    line: int
    removed: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield a copy of ``source`` for each part that can be taken away from it.

    Parts are the statements of functions and classes, keyword arguments of calls, entries of
    dictionaries, decorators, and operands of ``and`` and ``or``. Left alone are docstrings,
    imports, bare annotations, ``pass``, ``@overload``, and ``raise``: without it an error changes
    its name only.
    """
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        for part, fields, position in _parts(node):
            changed = copy.deepcopy(tree)
            twin = next(twin for place, twin in enumerate(ast.walk(changed)) if place == index)
            for field in fields:
                siblings = getattr(twin, field)
                if isinstance(part, ast.stmt):
                    siblings[position] = ast.Pass()
                else:
                    del siblings[position]
            text = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(part.lineno, " ".join(ast.unparse(part).split()), text)


type _Part = tuple[ast.stmt | ast.expr | ast.keyword, tuple[str, ...], int]


def _parts(node: ast.AST) -> Iterator[_Part]:
    yield from _expressions(node)
    for position, decorator in enumerate(getattr(node, "decorator_list", ())):
        if ast.unparse(decorator) == "overload":
            continue
        yield decorator, ("decorator_list",), position
    if not isinstance(node, ast.Module | ast.Lambda | ast.IfExp):
        for field in ("body", "orelse", "finalbody"):
            for position, statement in enumerate(getattr(node, field, ())):
                if _counts(statement):
                    yield statement, (field,), position


def _expressions(node: ast.AST) -> Iterator[_Part]:
    match node:
        case ast.Call(keywords=keywords):
            for position, keyword in enumerate(keywords):
                if keyword.arg is not None:
                    yield keyword, ("keywords",), position
        case ast.BoolOp(values=values):
            for position, operand in enumerate(values):
                yield operand, ("values",), position
        case ast.Dict(keys=keys):
            for position, key in enumerate(keys):
                if key is not None:
                    yield key, ("keys", "values"), position


def _counts(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Import() | ast.ImportFrom() | ast.Raise():
            return False
        case ast.AnnAssign(value=None) | ast.Expr(value=ast.Constant()):
            return False
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return False
    return True

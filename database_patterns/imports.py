"""Which of our modules, and which libraries, a file imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from database_patterns.sources import FACADE, FIXTURES, Sources

OURS = ("snippets", "workbench")
MENTIONED = re.compile(r"\bsnippets(?:\.\w+)+")


class Imports:
    """What the files of ``sources`` import from one another, found in their syntax trees."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._known: dict[str, frozenset[str]] = {}
        self._libraries: dict[str, frozenset[str]] = {}

    @cached_property
    def exported(self) -> dict[str, str]:
        """The names of the facade that tests import from, each with the module that defines it."""
        path = self.sources.path_of(FACADE)
        tree = ast.parse(self.sources.text(path)) if path else ast.Module([], [])
        return {
            alias.asname or alias.name: node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }

    def defining(self, module: str, name: str) -> str:
        """Return the module to import ``name`` from, where ``module`` is what a file says."""
        return self.exported.get(name, module) if module == FACADE else module

    def of(self, path: str) -> frozenset[str]:
        """Return the paths of our files that the file at ``path`` imports."""
        if path not in self._known:
            # What fixtures look up is needed by the tests that ask for them, not by all.
            modules = () if path == FIXTURES else self._modules(path)
            found = {self.sources.path_of(module) for module in modules}
            self._known[path] = frozenset(each for each in found if each and each != path)
        return self._known[path]

    def closure(self, paths: set[str]) -> set[str]:
        """Return ``paths`` and every file of ours that they need, directly or not."""
        found: set[str] = set()
        waiting = set(paths)
        while waiting:
            path = waiting.pop()
            found.add(path)
            waiting |= self.of(path) - found
        return found

    def libraries(self, path: str) -> frozenset[str]:
        """Return the dotted names of everything else that the file at ``path`` imports."""
        if path not in self._libraries:
            names = imported(ast.parse(self.sources.text(path)))
            others = (name for name in names if name.partition(".")[0] not in OURS)
            self._libraries[path] = frozenset(others)
        return self._libraries[path]

    @cached_property
    def behind_fixtures(self) -> dict[str, set[str]]:
        """The fixtures that look modules of ours up by name, each with those modules."""
        tree = ast.parse(self.sources.text(FIXTURES))
        return {
            function.name: found
            for function in _functions(tree)
            if (found := set(self._mentioned_in(function)))
        }

    def _modules(self, path: str) -> Iterator[str]:
        tree = ast.parse(self.sources.text(path))
        if path.startswith("tests/"):
            for fixture in _asked_fixtures(tree):
                yield from self.behind_fixtures.get(fixture, ())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    module = self.defining(node.module, alias.name)
                    below = f"{module}.{alias.name}"
                    yield below if self.sources.path_of(below) else module
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
        yield from self._mentioned_in(tree)

    def _mentioned_in(self, tree: ast.AST) -> Iterator[str]:
        for _, text in strings(tree):
            for mention in MENTIONED.findall(text):
                if module := self.mentioned(mention):
                    yield module

    def mentioned(self, name: str) -> str | None:
        """Return the module that ``name``, found in a string, begins with; or None."""
        while name.count("."):
            if self.sources.path_of(name):
                return name
            name = name.rpartition(".")[0]
        return None


def strings(tree: ast.AST) -> Iterator[tuple[ast.Constant, str]]:
    """Yield the strings of ``tree`` but its docstrings: code that a file writes, or names."""
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node, node.value


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _asked_fixtures(tree: ast.Module) -> set[str]:
    """Return what the tests and fixtures of ``tree`` ask for and it does not define itself."""
    called = {
        function.name: {argument.arg for argument in function.args.args}
        for function in _functions(tree)
        if function.name.startswith("test_")
        or any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)
    }
    asked = set().union(*called.values())
    overridden = {name for name in asked if name in called and name not in called[name]}
    return asked - overridden


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names of all modules that ``tree`` imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)

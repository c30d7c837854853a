"""Every snippet, with what it says of itself and what it needs."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from database_patterns.costs import Cost, costs
from database_patterns.imports import Imports
from database_patterns.requirements import required
from database_patterns.sources import FIXTURES, Sources

_SECTION = re.compile(r"(?ms)^(Buys|Needs|Limits): (.*?)(?=^\w+: |\Z)")


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """One file to copy, named ``topic/remedy``; ``test`` is the path of its tests, if it has any.

    What it buys, costs and needs and its limits are empty for the example domain.
    """

    name: str
    path: str
    test: str | None
    summary: str
    buys: str
    costs: tuple[Cost, ...]
    needs: str
    limits: str

    @property
    def topic(self) -> str:
        """The first half of the name."""
        return self.name.partition("/")[0]


class Registry:
    """The snippets of ``sources``. What depends on what is read from their imports."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.imports = Imports(sources)

    @cached_property
    def snippets(self) -> dict[str, Snippet]:
        """Every snippet by its name, in order."""
        found = (self._snippet(path) for path in sorted(self.sources.paths) if _is_snippet(path))
        return {snippet.name: snippet for snippet in found}

    def files(self, names: Iterable[str], *, tests: bool) -> set[str]:
        """Return the paths of ``names``, of their tests if wanted, and of all that these need."""
        seeds: set[str] = set()
        for name in names:
            snippet = self.snippets[name]
            seeds.add(snippet.path)
            if tests and snippet.test:
                seeds |= {snippet.test, FIXTURES}
        return self.imports.closure(seeds)

    def needs(self, name: str, *, tests: bool = False) -> list[str]:
        """Return the names of the other snippets that ``name`` needs, directly or not."""
        found = {name_of(path) for path in self.files([name], tests=tests) if _is_snippet(path)}
        return sorted(found - {name})

    def requirements(self, paths: Iterable[str]) -> list[str]:
        """Return the third-party requirements of the files at ``paths``."""
        return required(module for path in paths for module in self.imports.libraries(path))

    def imports_untyped(self, paths: Iterable[str]) -> bool:
        """Tell whether one of the files at ``paths`` imports asyncpg, which publishes no types."""
        found = {module for path in paths for module in self.imports.libraries(path)}
        return any(module.partition(".")[0] == "asyncpg" for module in found)

    def digest(self, path: str) -> str:
        """Return the SHA-256 of the file at ``path``, in hexadecimal."""
        return hashlib.sha256(self.sources.text(path).encode()).hexdigest()

    def _snippet(self, path: str) -> Snippet:
        text = self.sources.text(path)
        doc = ast.get_docstring(ast.parse(text)) or ""
        sections = {name: " ".join(text.split()) for name, text in _SECTION.findall(doc)}
        test = "tests/{}/test_{}".format(*path.rsplit("/", 1))
        return Snippet(
            name=name_of(path),
            path=path,
            test=test if test in self.sources.paths else None,
            summary=doc.partition("\n")[0],
            buys=sections.get("Buys", ""),
            costs=tuple(costs(text)),
            needs=sections.get("Needs", ""),
            limits=sections.get("Limits", ""),
        )


def name_of(path: str) -> str:
    """Return the name of the snippet at ``path``."""
    return path.removeprefix("snippets/").removesuffix(".py")


def _is_snippet(path: str) -> bool:
    return path.startswith("snippets/") and not path.endswith("__init__.py")

"""The project's pyproject.toml: what it lacks for the copies, and adding that to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError

from database_patterns.changes import Change
from database_patterns.project import Project
from database_patterns.refusal import Refused
from database_patterns.requirements import distribution
from database_patterns.text_files import content_at, decoded, encoded

NAME = PurePosixPath("pyproject.toml")
PYTHON = "3.12"  # snippets use its syntax for type parameters
_TEST_EXTRAS = ("dev", "test", "tests")


@dataclass(frozen=True, kw_only=True)
class Lacks:
    """What is missing: requirements of the copies, those of their tests, and settings."""

    requirements: list[str] = field(default_factory=list)
    test_requirements: list[str] = field(default_factory=list)
    asyncio_mode: bool = False
    untyped: bool = False
    older_python: str | None = None

    @property
    def can_be_added(self) -> bool:
        """Whether ``completed`` has something to add."""
        return bool(
            self.requirements or self.test_requirements or self.asyncio_mode or self.untyped
        )

    @property
    def sentences(self) -> list[str]:
        """What to do about each, for a person."""
        found = []
        if self.requirements:
            found.append(f"pyproject.toml lacks {', '.join(self.requirements)}.")
        if self.test_requirements:
            found.append(f"The tests need {', '.join(self.test_requirements)}.")
        if self.asyncio_mode:
            found.append('The tests need asyncio_mode = "auto" under [tool.pytest.ini_options].')
        if self.untyped:
            found.append(
                "mypy --strict needs ignore_missing_imports for asyncpg.*: it publishes no types."
            )
        if self.older_python:
            found.append(
                f"The copies need Python {PYTHON}, and requires-python is {self.older_python}."
            )
        return found


def lacks(
    project: Project,
    requirements: Sequence[str],
    tests: Sequence[str] | None,
    *,
    untyped: bool = False,
) -> Lacks:
    """Return what pyproject.toml lacks; ``tests`` are None where there are none.

    With ``untyped`` the copies import asyncpg themselves.
    """
    document = _document(project)
    named = _named(document)
    python = _below(document, "project").get("requires-python")
    return Lacks(
        requirements=[each for each in requirements if distribution(each) not in named],
        test_requirements=[each for each in tests or () if distribution(each) not in named],
        asyncio_mode=tests is not None and not _runs_async_tests(project, document),
        untyped=untyped and not _settles_untyped(project, document, named),
        older_python=python if isinstance(python, str) and _admits_older(python) else None,
    )


def completed(project: Project, missing: Lacks) -> list[Change]:
    """Return the change that adds ``missing``; order, comments and quotes of the file stay.

    Raises Refused where the file does not say its dependencies under ``[project]``.
    """
    project.check_links(NAME)
    before = content_at(project.root / NAME)
    document = _document(project)
    table = _below(document, "project")
    if before is None or not table:
        raise Refused(
            "pyproject.toml has no [project] table to add requirements to: add them yourself."
        )
    if "dependencies" in table.get("dynamic", ()):
        raise Refused("pyproject.toml has dynamic dependencies: add the requirements yourself.")
    if missing.requirements:
        _extend(table, "dependencies", missing.requirements)
    if missing.test_requirements:
        _extend(*_place_of_test_requirements(document), missing.test_requirements)
    if missing.asyncio_mode:
        _table(document, "tool", "pytest", "ini_options")["asyncio_mode"] = "auto"
    if missing.untyped:
        override = tomlkit.table()
        override["module"] = ["asyncpg.*"]
        override["ignore_missing_imports"] = True
        mypy = _table(document, "tool", "mypy")
        mypy.setdefault("overrides", tomlkit.aot()).append(override)
    after = encoded(tomlkit.dumps(document), like=before)
    return [] if after == before else [Change(path=NAME, before=before, after=after)]


def _document(project: Project) -> Any:
    content = content_at(project.root / NAME)
    try:
        return tomlkit.parse(decoded(content or b"", NAME))
    except TOMLKitError as error:
        raise Refused(f"pyproject.toml is not valid TOML: {error}.") from error


def _below(table: Any, *names: str) -> Any:
    """Return the table at ``names`` below ``table``, or an empty one."""
    for name in names:
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise Refused(f"{name} in pyproject.toml is not a table.")
    return table


def _named(document: Any) -> set[str]:
    """Return the distributions that the file asks for anywhere, also in poetry's tables."""
    table = _below(document, "project")
    lists = [table.get("dependencies", [])]
    lists += _below(table, "optional-dependencies").values()
    lists += _below(document, "dependency-groups").values()
    found: set[str] = set()
    for line in (each for listed in lists for each in listed if isinstance(each, str)):
        try:
            found.add(canonicalize_name(Requirement(line).name))
        except InvalidRequirement:
            continue
    poetry = _below(document, "tool", "poetry")
    tables = [poetry, *(_below(poetry, "group", name) for name in _below(poetry, "group"))]
    found |= {canonicalize_name(name) for each in tables for name in _below(each, "dependencies")}
    return found


def _runs_async_tests(project: Project, document: Any) -> bool:
    tables = [_below(document, "tool", "pytest"), _below(document, "tool", "pytest", "ini_options")]
    if any(table.get("asyncio_mode") == "auto" for table in tables):
        return True
    files = ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
    texts = (decoded(content_at(project.root / name) or b"", name) for name in files)
    return any(re.search(r"(?m)^asyncio_mode\s*=\s*auto\s*$", text) for text in texts)


def _settles_untyped(project: Project, document: Any, named: set[str]) -> bool:
    """Tell whether mypy knows that asyncpg has no types, or is set up in a file of its own."""
    mypy = _below(document, "tool", "mypy")
    tables = [mypy, *mypy.get("overrides", [])]
    return (
        "asyncpg-stubs" in named
        or bool(mypy.get("ignore_missing_imports"))
        or any("asyncpg" in str(table.get("module", "")) for table in tables)
        or any((project.root / name).exists() for name in ("mypy.ini", ".mypy.ini"))
    )


def _admits_older(python: str) -> bool:
    try:
        allowed = SpecifierSet(python)
    except InvalidSpecifier:
        return False
    return any(allowed.contains(f"3.{minor}.99") for minor in range(12))


def _place_of_test_requirements(document: Any) -> tuple[Any, str]:
    extras = _below(document, "project", "optional-dependencies")
    groups = _below(document, "dependency-groups")
    for table in (groups, extras):
        for name in _TEST_EXTRAS:
            if name in table:
                return table, name
    return _table(document, "dependency-groups"), "dev"


def _extend(table: Any, name: str, requirements: Sequence[str]) -> None:
    if name not in table:
        table[name] = tomlkit.array().multiline(True)
    listed = table[name]
    if not isinstance(listed, list):
        raise Refused(f"{name} in pyproject.toml is not a list.")
    for requirement in requirements:
        listed.append(requirement)


def _table(document: Any, *names: str) -> Any:
    for name in names:
        if name not in document:
            document[name] = tomlkit.table(is_super_table=name in {"tool", "pytest", "mypy"})
        document = document[name]
    return document

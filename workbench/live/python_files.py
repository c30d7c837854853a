"""The Python that a tab imports: installed packages, ours, and what is laid over them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from workbench.execution.lessons import ROOT

OVERLAY: Final = ROOT / "workbench" / "live" / "overlay"
CORE: Final = "core.zip"

FIRST: Final = ("sqlalchemy", "asyncpg", "typing_extensions")
"""Distributions that every lesson needs."""

LAZY: Final = {
    "alembic.zip": ("alembic", "mako", "markupsafe"),
    "fastapi.zip": (
        "fastapi",
        "starlette",
        "pydantic",
        "annotated-types",
        "annotated-doc",
        "typing-inspection",
        "anyio",
        "idna",
        "httpx",
        "opentelemetry-api",
    ),
    "tzdata.zip": ("tzdata",),
}
"""Distributions that are fetched when one of their packages is imported, together."""

COMPILED: Final = {"pydantic_core.zip": "pydantic_core"}
"""Archives with a compiled package, fetched when it is imported."""

APPLICATION: Final = "application.zip"
"""The reference application, fetched when it is imported."""

UNPACKED: Final = (*COMPILED, APPLICATION)
"""Archives that are unpacked into a folder: compiled modules and Alembic's files lie in no zip."""

OURS: Final = ("workbench/__init__.py", "workbench/markdown.py", "workbench/lesson", "snippets")
WITH_SOURCE: Final = (
    "anyio/__init__.py",
    "anyio/abc/__init__.py",
    "application/",
    "snippets/",
    "workbench/",
)
"""What a lesson may show with ``inspect.getsource``, or AnyIO and Alembic read."""

_ALEMBIC = "application/alembic.ini"
_PRETTY = "IPython/lib/pretty.py"
_LEFT_OUT = (
    "alembic/templates/",
    "alembic/testing/",
    "anyio/_backends/_trio.py",
    "anyio/pytest_plugin.py",
    "asyncpg/_testbase/",
    "asyncpg/cluster.py",
    "httpx/_main.py",
    "idna/cli.py",
    "idna/uts46data.py",
    "mako/cmd.py",
    "mako/ext/",
    "mako/testing/",
    "pydantic/mypy.py",
    "pydantic/v1/",
    "sqlalchemy/connectors/aioodbc.py",
    "sqlalchemy/connectors/pyodbc.py",
    "sqlalchemy/dialects/mssql/",
    "sqlalchemy/dialects/mysql/",
    "sqlalchemy/dialects/oracle/",
    "sqlalchemy/dialects/sqlite/",
    "sqlalchemy/ext/mypy/",
    "sqlalchemy/testing/",
)

type Files = Mapping[str, Path | bytes]


def archives() -> dict[str, Files]:
    """Return the content of each archive, by the name of the archive and the path within.

    Those with compiled packages are read from wheels, and are none of these.
    """
    core: dict[str, Path | bytes] = dict(_of_distributions(FIRST))
    core[_PRETTY] = _installed("ipython", _PRETTY)
    core |= _below(ROOT, OURS)
    parts = {name: dict(_of_distributions(names)) for name, names in LAZY.items()}
    parts[CORE] = core
    where = lazy_packages()
    for path, file in _below(OVERLAY, ["."]).items():
        parts[where.get(path.split("/")[0], CORE)][path] = file
    return {**parts, APPLICATION: _application()}


def lazy_packages() -> dict[str, str]:
    """Return the archive to fetch for each top-level package that ``core.zip`` lacks."""
    pure = {
        path.split("/")[0]: archive
        for archive, names in LAZY.items()
        for path, _ in _of_distributions(names)
        if path.count("/") and ".dist-info/" not in path
    }
    compiled = {package: archive for archive, package in COMPILED.items()}
    return {**pure, **compiled, "application": APPLICATION}


def write_archive(files: Files, target: Path) -> None:
    """Write ``files`` into a zip file that is the same for the same files."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(files.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            archive.writestr(zipfile.ZipInfo(name), data)


def _of_distributions(names: Iterable[str]) -> Iterator[tuple[str, Path | bytes]]:
    for name in names:
        found = distribution(name)
        yield from _metadata(found)
        for file in found.files or ():
            path = file.as_posix()
            if _wanted(path):
                yield path, Path(str(found.locate_file(file)))


def _wanted(path: str) -> bool:
    if "__pycache__" in path or ".dist-info/" in path or path.startswith(("..", *_LEFT_OUT)):
        return False
    # Of what is no Python only the time zones are read.
    return path.endswith(".py") or path.startswith("tzdata/zoneinfo/")


def _metadata(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """Give what ``importlib.metadata`` needs to tell the version and to find plugins."""
    name, version = found.metadata["Name"], found.version
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    yield f"{folder}/METADATA", text.encode()
    if plugins := found.read_text("entry_points.txt"):
        yield f"{folder}/entry_points.txt", plugins.encode()


def _application() -> dict[str, Path]:
    return {**_below(ROOT, ["application"]), _ALEMBIC: ROOT / _ALEMBIC}


def _installed(name: str, path: str) -> Path:
    return Path(str(distribution(name).locate_file(path)))


def _below(root: Path, parts: Iterable[str]) -> dict[str, Path]:
    return {
        file.relative_to(root).as_posix(): file
        for part in parts
        for file in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))
    }

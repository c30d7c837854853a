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
    "tzdata.zip": ("tzdata",),
}
"""Distributions that are fetched when one of their packages is imported, together."""

OURS: Final = ("workbench/__init__.py", "workbench/markdown.py", "workbench/lesson", "snippets")
WITH_SOURCE: Final = ("snippets/", "workbench/")
"""What a lesson may show with ``inspect.getsource``."""

_PRETTY = "IPython/lib/pretty.py"
_LEFT_OUT = (
    "alembic/templates/",
    "alembic/testing/",
    "asyncpg/_testbase/",
    "asyncpg/cluster.py",
    "mako/cmd.py",
    "mako/ext/",
    "mako/testing/",
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
    """Return the content of each archive, by the name of the archive and the path within."""
    core: dict[str, Path | bytes] = dict(_of_distributions(FIRST))
    core[_PRETTY] = _installed("ipython", _PRETTY)
    core |= _below(ROOT, OURS)
    core |= _below(OVERLAY, ["."])
    lazy: dict[str, Files] = {name: dict(_of_distributions(names)) for name, names in LAZY.items()}
    return {CORE: core, **lazy}


def lazy_packages() -> dict[str, str]:
    """Return the archive to fetch for each top-level package that ``core.zip`` lacks."""
    return {
        path.split("/")[0]: archive
        for archive, names in LAZY.items()
        for path, _ in _of_distributions(names)
        if path.count("/") and ".dist-info/" not in path
    }


def write_archive(files: Files, target: Path) -> None:
    """Write ``files`` into a zip file that is the same for the same files."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(files.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            archive.writestr(zipfile.ZipInfo(name), data)


def _of_distributions(names: Iterable[str]) -> Iterator[tuple[str, Path | bytes]]:
    for name in names:
        found = distribution(name)
        yield _metadata(found)
        for file in found.files or ():
            path = file.as_posix()
            if _wanted(path):
                yield path, Path(str(found.locate_file(file)))


def _wanted(path: str) -> bool:
    if "__pycache__" in path or ".dist-info/" in path or path.startswith(("..", *_LEFT_OUT)):
        return False
    # Of what is no Python only the time zones are read.
    return path.endswith(".py") or path.startswith("tzdata/zoneinfo/")


def _metadata(found: Distribution) -> tuple[str, bytes]:
    """Return what ``importlib.metadata`` needs to tell the version."""
    name, version = found.metadata["Name"], found.version
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return f"{name.replace('-', '_')}-{version}.dist-info/METADATA", text.encode()


def _installed(name: str, path: str) -> Path:
    return Path(str(distribution(name).locate_file(path)))


def _below(root: Path, parts: Iterable[str]) -> dict[str, Path]:
    return {
        file.relative_to(root).as_posix(): file
        for part in parts
        for file in ([root / part] if part.endswith(".py") else (root / part).rglob("*.py"))
    }

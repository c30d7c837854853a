"""Python and PostgreSQL as a tab downloads them, before any package of ours."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workbench.live.cluster import packed_cluster
from workbench.live.javascript import Bundler
from workbench.live.node import Node
from workbench.live.packages import Packages
from workbench.live.python_files import UNPACKED, Files, write_archive
from workbench.live.server_files import script_of, trimmed
from workbench.live.standard_library import library_files

LIBRARY: Final = "python_stdlib.zip"
EXTENSIONS: Final = ("pg_trgm",)
"""Extensions of PostgreSQL that lessons create."""

_COMPILER = Path(__file__).parent / "bytecode.py"
_DETAILS = "runtime.json"


@dataclass(frozen=True)
class Runtime:
    """The ``files`` of both, and what the manifest says of them."""

    files: list[Path]
    details: dict[str, Any]


def read_runtime(folder: Path) -> Runtime:
    """Return what ``make_runtime`` wrote into ``folder``."""
    details = json.loads((folder / _DETAILS).read_text(encoding="utf-8"))
    return Runtime(sorted(path for path in folder.iterdir() if path.name != _DETAILS), details)


def make_runtime(folder: Path, node: Node, packages: Packages) -> None:
    """Write the files of both into ``folder``. Raises NodeFailed and UnknownForm."""
    details = {
        "pyodideLock": _python(folder, node, packages),
        "postgresql": _postgresql(folder, node, packages),
        "extensions": {name: f"{name}.tgz" for name in EXTENSIONS},
    }
    (folder / _DETAILS).write_text(json.dumps(details), encoding="utf-8")


def _python(folder: Path, node: Node, packages: Packages) -> dict[str, str]:
    package = packages.modules / "pyodide"
    shutil.copyfile(package / "pyodide.asm.wasm", folder / "pyodide.asm.wasm")
    for name in ("pyodide.mjs", "pyodide.asm.mjs"):
        text = (package / name).read_text(encoding="utf-8")
        unmapped = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", text)
        (folder / name).write_text(unmapped, encoding="utf-8")
    library = {LIBRARY: library_files(package / LIBRARY)}
    compile_archives(library, folder, node, packages)
    lock = json.loads((package / "pyodide-lock.json").read_text(encoding="utf-8"))
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    return {**lock["info"], "version": version}


def _postgresql(folder: Path, node: Node, packages: Packages) -> str:
    package = packages.modules / "@electric-sql" / "pglite"
    Bundler(node, packages).pglite(folder / "pglite.mjs")
    shutil.copyfile(package / "dist" / "pglite.wasm", folder / "pglite.wasm")
    data = (package / "dist" / "pglite.data").read_bytes()
    (folder / "pglite.data").write_bytes(trimmed(data, script_of(package)))
    for name in EXTENSIONS:
        shutil.copyfile(package / "dist" / f"{name}.tar.gz", folder / f"{name}.tgz")
    cluster = folder / "cluster"
    version = node.run(packages.scripts / "cluster.mjs", str(cluster))
    (folder / "pgdata.tar").write_bytes(packed_cluster(cluster))
    shutil.rmtree(cluster)
    return version.strip()


def compile_archives(
    archives: dict[str, Files],
    folder: Path,
    node: Node,
    packages: Packages,
    *,
    keep: tuple[str, ...] = (),
) -> None:
    """Write ``archives`` into ``folder``, compiled by the Python of the tab.

    What begins with one of ``keep`` has its source beside it. Raises NodeFailed.
    """
    jobs = []
    for name, files in archives.items():
        source = folder / f"{name}.source"
        write_archive(files, source)
        unpacked = name in UNPACKED
        place = name.removesuffix(".zip") if unpacked else name
        root = "/lib/python314.zip/" if name == LIBRARY else f"/lib/packages/{place}/"
        target = str(folder / name)
        jobs.append({"source": str(source), "target": target, "root": root, "unpacked": unpacked})
    arguments = [str(_COMPILER), json.dumps([{**job, "keep": keep} for job in jobs])]
    node.run(packages.scripts / "bytecode.mjs", *arguments)
    for job in jobs:
        Path(str(job["source"])).unlink()

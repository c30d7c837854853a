"""Building what a tab downloads, into a folder named by everything that it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from workbench.execution.lessons import ROOT
from workbench.live.cluster import start_parameters
from workbench.live.compression import SUFFIXES, Compressed, content_hash
from workbench.live.folders import alone_in, linked, made_once
from workbench.live.gathered_licences import TEXTS, licences
from workbench.live.javascript import PAGE, SERVICE_WORKER, SOURCES, Bundler
from workbench.live.manifest import UNCOMPRESSIBLE, asset, hashed_name, write_manifest
from workbench.live.node import Node, find_node
from workbench.live.packages import (
    HERE,
    LOCKS,
    SCRIPTS,
    Packages,
    contents_hash,
    installed_packages,
)
from workbench.live.plan_viewer import make_plan_viewer
from workbench.live.python_files import (
    COMPILED,
    UNPACKED,
    WITH_SOURCE,
    Files,
    archives,
    lazy_packages,
)
from workbench.live.runtime import compile_archives, make_runtime, read_runtime
from workbench.live.site_files import LiveFiles
from workbench.live.wheels import LOCK, downloaded_wheels, wheel_files

CACHE: Final = ROOT / ".cache" / "live"
KEPT_BUILDS: Final = 4
SETTINGS_FILE: Final = ROOT / "workbench" / "postgres" / "settings.py"
# They use what is built, or look at its sources.
_APART = {"background.py", "checks.py", "serve.py"}

FIRST_RUN: Final = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "core.zip",
    "pglite.mjs",
    "pglite.wasm",
    "pglite.data",
    "pgdata.tar",
    "worker.mjs",
)
"""What a tab downloads before its first cell runs."""

type Report = Callable[[str], None]


def built_live(*, compressed: bool, cache: Path = CACHE) -> LiveFiles | None:
    """Return what `build_live` built from the same inputs, or None."""
    folder = cache / _fingerprint(compressed)
    if not folder.is_dir():
        return None
    os.utime(folder)
    return LiveFiles(folder)


def build_live(*, compressed: bool, report: Report, cache: Path = CACHE) -> LiveFiles:
    """Return what a tab downloads, built where `built_live` has none; ``report`` hears the steps.

    With ``compressed`` each file has its ``.br`` and ``.gz`` beside it. Raises NoNode where there
    is no Node to build with, and NodeFailed where it fails.
    """
    with alone_in(cache):
        built = built_live(compressed=compressed, cache=cache)
        if built is None:
            folder = cache / _fingerprint(compressed)
            build = _Build(find_node(report, cache), cache, report, compressed=compressed)
            built = LiveFiles(made_once(folder, build.into))
            _forget_old_builds(cache, build.store)
    return built


def first_run_bytes(built: LiveFiles) -> int:
    """Return what a tab downloads before its first cell runs, compressed as well as can be."""
    assets = json.loads(built.manifest.read_text(encoding="utf-8"))["assets"]
    return sum(assets[name]["br"] or assets[name]["raw"] for name in FIRST_RUN)


class _Build:
    def __init__(self, node: Node, cache: Path, report: Report, *, compressed: bool) -> None:
        self._node = node
        self._cache = cache
        self._report = report
        self._compressed = compressed
        self.store = Compressed(cache / "compressed", node)

    def into(self, folder: Path) -> None:
        self._report("Installing the packages of npm.")
        packages = installed_packages(self._node, self._cache)
        bundler = Bundler(self._node, packages)
        live, work = folder / "live", folder / "work"
        live.mkdir()
        work.mkdir()
        runtime = read_runtime(self._runtime(packages))
        wheels = downloaded_wheels(runtime.details["pyodideLock"], self._cache, self._report)
        self._report("Compiling Python and bundling JavaScript.")
        python = archives() | _compiled(wheels)
        compile_archives(python, work, self._node, packages, keep=WITH_SOURCE)
        bundler.worker(work / "worker.mjs")
        parts = [*runtime.files, *sorted(work.iterdir())]
        named = {path.name: live / hashed_name(path.name, content_hash(path)) for path in parts}
        for path in parts:
            linked(path, named[path.name])
        shutil.rmtree(work)
        text = licences(packages.modules, wheels)
        (live / "LICENSES.txt").write_text(text, encoding="utf-8")
        self._compress(live)
        manifest = write_manifest(
            {
                "assets": {name: asset(path) for name, path in sorted(named.items())},
                "lazy": lazy_packages(),
                "unpacked": list(UNPACKED),
                "extensions": runtime.details["extensions"],
                "startParams": start_parameters(),
                "versions": _versions(runtime.details),
                "pyodideLock": runtime.details["pyodideLock"],
            },
            live,
        )
        if PAGE.exists():
            work.mkdir()
            viewer = make_plan_viewer(live, work, bundler, packages)
            shutil.rmtree(work)
            bundler.page(live, manifest.name, viewer)
        if SERVICE_WORKER.exists():
            bundler.service_worker(folder / "service_worker.js", manifest.name)
        self._compress(live)
        self._compress(folder)

    def _runtime(self, packages: Packages) -> Path:
        def make(folder: Path) -> None:
            self._report("Making the files of Python and PostgreSQL.")
            make_runtime(folder, self._node, packages)

        return made_once(self._cache / f"runtime-{_runtime_hash()[:16]}", make)

    def _compress(self, folder: Path) -> None:
        if not self._compressed:
            return
        names = {path.name for path in folder.iterdir()}
        files = [
            path
            for path in sorted(folder.iterdir())
            if path.is_file()
            and not path.name.endswith((*SUFFIXES, *UNCOMPRESSIBLE))
            and path.name + ".br" not in names
        ]
        self._report(f"Compressing {len(files)} files.")
        self.store.add_beside(files)


def _compiled(wheels: list[Path]) -> dict[str, Files]:
    by_name = {path.name.split("-")[0]: path for path in wheels}
    return {archive: wheel_files(by_name[name]) for archive, name in COMPILED.items()}


def _versions(details: dict[str, Any]) -> dict[str, str]:
    ours = {name: version(name) for name in ("sqlalchemy", "asyncpg", "alembic")}
    return {
        "python": details["pyodideLock"]["python"],
        "postgresql": details["postgresql"],
        **ours,
    }


def _fingerprint(compressed: bool) -> str:
    digest = hashlib.sha256(f"{_runtime_hash()} {compressed}".encode())
    for name, files in archives().items():
        digest.update(f"{name} {sorted(_sized(files))}".encode())
    sources = sorted(path for path in SOURCES.rglob("*") if path.is_file())
    digest.update(contents_hash(sources).encode())
    return digest.hexdigest()[:16]


def _sized(files: Files) -> Iterator[tuple[str, str]]:
    """Give each file's hash; of installed packages, which are never edited, its size."""
    for name, content in files.items():
        if isinstance(content, bytes):
            yield name, content.hex()
        elif any(content.is_relative_to(ROOT / ours) for ours in WITH_SOURCE):
            yield name, content_hash(content)
        else:
            yield name, str(content.stat().st_size)


def _runtime_hash() -> str:
    ours = [*SCRIPTS.glob("*.mjs"), *HERE.glob("*.py"), *TEXTS.iterdir(), SETTINGS_FILE]
    return contents_hash([*LOCKS, LOCK, *sorted(path for path in ours if path.name not in _APART)])


def _forget_old_builds(cache: Path, store: Compressed) -> None:
    builds = [path for path in cache.iterdir() if path.is_dir() and (path / "live").is_dir()]
    for path in sorted(builds, key=lambda path: path.stat().st_mtime)[:-KEPT_BUILDS]:
        shutil.rmtree(path, ignore_errors=True)
    store.forget_unused()

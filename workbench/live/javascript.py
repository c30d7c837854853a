"""Bundling of the modules that a page, its worker and its service worker load."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workbench.live.node import Node
from workbench.live.packages import Packages

SOURCES: Final = Path(__file__).parent / "javascript"
WORKER: Final = SOURCES / "worker.mjs"
PAGE: Final = SOURCES / "page" / "main.mjs"
PLAN_VIEWER: Final = SOURCES / "plan" / "plan_viewer.mjs"
SERVICE_WORKER: Final = SOURCES / "service_worker.mjs"


class Bundler:
    """esbuild, from the ``packages`` that npm installed."""

    def __init__(self, node: Node, packages: Packages) -> None:
        self._node = node
        self._packages = packages

    def pglite(self, target: Path) -> None:
        """Write PGlite as one module that exports its class. Raises NodeFailed, as all do."""
        source = 'export { PGlite } from "@electric-sql/pglite";'
        self._bundle(
            {
                "stdin": {"contents": source, "resolveDir": str(self._packages.modules)},
                "outfile": str(target),
                # Asked for in Node alone; for the others its package names substitutes.
                "external": ["node:*"],
            }
        )

    def worker(self, target: Path) -> None:
        """Write the worker as one module."""
        self._bundle({"entryPoints": [str(WORKER)], "outfile": str(target)})

    def plan_viewer(self, target: Path, *, instead: Path) -> None:
        """Write the viewer of plans as one module; packages in ``instead`` come before npm's."""
        self._bundle(
            {
                "entryPoints": [str(PLAN_VIEWER)],
                "outfile": str(target),
                "nodePaths": [str(instead), str(self._packages.modules)],
                "loader": {".css": "text"},
                "define": {
                    "process.env.NODE_ENV": '"production"',
                    "__VUE_OPTIONS_API__": "true",
                    "__VUE_PROD_DEVTOOLS__": "false",
                    "__VUE_PROD_HYDRATION_MISMATCH_DETAILS__": "false",
                },
            }
        )

    def page(self, folder: Path, manifest: str, plan_viewer: str) -> None:
        """Write the page's module ``main`` into ``folder``, and those that it imports later on."""
        self._bundle(
            {
                "entryPoints": [str(PAGE)],
                "outdir": str(folder),
                "splitting": True,
                "entryNames": "[name].[hash]",
                "chunkNames": "[name].[hash]",
                "loader": {".css": "text"},
                "define": {**_names(manifest), "__PLAN_VIEWER__": json.dumps(plan_viewer)},
            }
        )

    def service_worker(self, target: Path, manifest: str) -> None:
        """Write the service worker, as a script since not every browser lets it be a module."""
        self._bundle(
            {
                "entryPoints": [str(SERVICE_WORKER)],
                "outfile": str(target),
                "format": "iife",
                "define": _names(manifest),
            }
        )

    def _bundle(self, options: Mapping[str, Any]) -> None:
        shared = {"absWorkingDir": str(SOURCES), "nodePaths": [str(self._packages.modules)]}
        self._node.run(self._packages.scripts / "bundle.mjs", json.dumps({**shared, **options}))


def _names(manifest: str) -> dict[str, str]:
    return {"__MANIFEST__": json.dumps(manifest)}

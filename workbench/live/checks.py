"""Format, lint and types of our JavaScript."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from workbench.live.build import CACHE
from workbench.live.javascript import SOURCES
from workbench.live.node import Node, find_node
from workbench.live.packages import HERE, Packages, installed_packages

# The browser's part, and what Node runs: their globals differ.
_PROGRAMS = ("javascript", "javascript/build")


class JavaScriptChecks:
    """The tools that npm installs for checking. Raises NoNode and NodeFailed when made."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._node: Node = find_node(report, CACHE)
        self._packages: Packages = installed_packages(self._node, CACHE, development=True)

    def mend(self) -> None:
        """Format the modules, and mend what Biome can mend."""
        self._biome("check", "--write")

    def style_holds(self) -> bool:
        """Tell whether format and lint are as they should be; print where they are not."""
        return self._biome("ci", "--error-on-warnings")

    def types_hold(self) -> bool:
        """Tell whether the types in comments agree with the code; print where they do not."""
        modules = self._packages.modules
        # TypeScript looks for packages above the file that imports.
        with tempfile.TemporaryDirectory(dir=modules.parent, suffix=".check") as folder:
            shutil.copytree(SOURCES, Path(folder) / SOURCES.name)
            checked = [
                self._run(modules / "typescript" / "bin" / "tsc", "-p", program, within=folder)
                for program in _PROGRAMS
            ]
        return all(checked)

    def _biome(self, *arguments: str) -> bool:
        program = self._packages.modules / "@biomejs" / "biome" / "bin" / "biome"
        return self._run(program, *arguments, "--colors=off", SOURCES.name, within=HERE)

    def _run(self, tool: Path, *arguments: str, within: str | Path) -> bool:
        command = [str(self._node.program), str(tool), *arguments]
        done = subprocess.run(command, cwd=within, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout + done.stderr)  # noqa: T201
        return done.returncode == 0

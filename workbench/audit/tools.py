"""The programs that judge the site, which npm installs as their lock pins them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workbench.execution.lessons import ROOT
from workbench.live.folders import made_once
from workbench.live.node import Node, find_node
from workbench.live.packages import contents_hash

HERE: Final = Path(__file__).parent
LOCKS: Final = (HERE / "package.json", HERE / "package-lock.json")
CACHE: Final = ROOT / ".cache" / "audit"
OLDEST_NODE: Final = 24


@dataclass(frozen=True)
class Tools:
    """The ``node`` that runs the tools, and the ``modules`` that hold them."""

    node: Node
    modules: Path

    def axe(self) -> str:
        """Return the script that judges accessibility from inside a page."""
        return (self.modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def audit_tools(report: Callable[[str], None]) -> Tools:
    """Return the tools, installed once. Raises NoNode and NodeFailed."""
    node = find_node(report, CACHE.parent / "live", oldest=OLDEST_NODE)

    def install(folder: Path) -> None:
        report("Installing what judges the site, once.")
        for path in LOCKS:
            shutil.copy(path, folder)
        node.install(folder, development=False)

    folder = made_once(CACHE / f"packages-{contents_hash(LOCKS)[:12]}", install)
    return Tools(node, folder / "node_modules")

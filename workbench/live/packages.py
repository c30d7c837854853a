"""The packages of npm that the build and the checks use, as their lock pins them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from workbench.live.folders import made_once
from workbench.live.node import Node

HERE: Final = Path(__file__).parent
LOCKS: Final = (HERE / "package.json", HERE / "package-lock.json")
SCRIPTS: Final = HERE / "javascript" / "build"


@dataclass(frozen=True)
class Packages:
    """The installed ``modules``, and ``scripts`` of ours that import from them."""

    modules: Path
    scripts: Path


def installed_packages(node: Node, cache: Path, *, development: bool = False) -> Packages:
    """Return what npm installs into ``cache``, once.

    With ``development`` the tools of the checks are there as well. Raises NodeFailed.
    """

    def install(folder: Path) -> None:
        for path in LOCKS:
            shutil.copy(path, folder)
        node.install(folder, development=development)

    digest = contents_hash(LOCKS, bytes([development]))
    folder = made_once(cache / f"packages-{digest[:12]}", install)
    # Node looks for packages beside the file that imports, so the scripts move in with them.
    scripts = sorted(SCRIPTS.glob("*.mjs"))
    place = folder / f"scripts-{contents_hash(scripts)[:12]}"
    return Packages(folder / "node_modules", made_once(place, partial(_copied, scripts)))


def _copied(files: Iterable[Path], folder: Path) -> None:
    for path in files:
        shutil.copy(path, folder)


def contents_hash(files: Iterable[Path], also: bytes = b"") -> str:
    """Return the hash of ``also`` and of what ``files`` are called and hold."""
    digest = hashlib.sha256(also)
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return digest.hexdigest()

"""Brotli and gzip of files, kept by their content so that no file is compressed twice."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workbench.live.folders import linked, part_of, remove_abandoned
from workbench.live.node import Node

SCRIPT = Path(__file__).parent / "javascript" / "build" / "compress.mjs"
SUFFIXES: Final = (".br", ".gz")


class StaleCompression(Exception):
    """Names a compressed file that is not that of the file beside it."""


class Compressed:
    """What was compressed so far, in ``folder``."""

    def __init__(self, folder: Path, node: Node) -> None:
        self._folder = folder
        self._node = node

    def add_beside(self, files: Iterable[Path]) -> None:
        """Put the compressed forms of each of ``files`` beside it.

        Raises StaleCompression where another file has the name of one already, and NodeFailed.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = {file: self._folder / content_hash(file) for file in files}
        self._make({place: file for file, place in kept.items()})
        for file, place in kept.items():
            for suffix in SUFFIXES:
                beside = _with(file, suffix)
                if beside.exists():
                    raise StaleCompression(f"{beside.name} is there before {file.name} is.")
                linked(_with(place, suffix), beside)

    def _make(self, wanted: dict[Path, Path]) -> None:
        missing = [
            place
            for place in sorted(wanted, key=lambda place: -wanted[place].stat().st_size)
            if not all(_with(place, suffix).exists() for suffix in SUFFIXES)
        ]
        if not missing:
            return
        remove_abandoned(self._folder)
        parts = {place: [part_of(_with(place, suffix)) for suffix in SUFFIXES] for place in missing}
        jobs = [[str(wanted[place]), *map(str, parts[place])] for place in missing]
        try:
            self._node.run(SCRIPT, json.dumps(jobs))
            for place in missing:
                for part, suffix in zip(parts[place], SUFFIXES, strict=True):
                    part.replace(_with(place, suffix))
        finally:
            for part in itertools.chain.from_iterable(parts.values()):
                part.unlink(missing_ok=True)

    def forget_unused(self) -> None:
        """Drop what no build holds any more."""
        for path in self._folder.glob("*"):
            if path.suffix in SUFFIXES and path.stat().st_nlink == 1:
                path.unlink()


def content_hash(file: Path) -> str:
    """Return the SHA-256 of the content of ``file``, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)

"""The list of what a tab downloads, which names every other file by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workbench.live.compression import content_hash

UNCOMPRESSIBLE: Final = (".tgz",)


def hashed_name(name: str, digest: str) -> str:
    """Return ``name`` with the beginning of ``digest`` before its ending."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.{digest[:10]}.{ending}"


def asset(file: Path) -> dict[str, Any]:
    """Return what the manifest says of ``file`` and its compressed forms, where it has any."""
    sizes = {
        suffix: beside.stat().st_size if beside.exists() else 0
        for suffix in ("br", "gz")
        for beside in [file.with_name(f"{file.name}.{suffix}")]
    }
    raw = file.stat().st_size
    return {"file": file.name, "raw": raw, **sizes, "sha256": content_hash(file)}


def write_manifest(content: Mapping[str, Any], folder: Path) -> Path:
    """Write the manifest into ``folder`` under a name with its own hash; return its path."""
    text = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = folder / hashed_name("manifest.json", digest)
    path.write_text(json.dumps({"hash": digest[:10], **content}, sort_keys=True), encoding="utf-8")
    return path

"""The files of the site that lessons run on in the page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LiveFiles:
    """A built ``folder``, whose content goes to the root of the site."""

    folder: Path

    @property
    def live(self) -> Path:
        """The folder of all files with hashed names."""
        return self.folder / "live"

    @property
    def manifest(self) -> Path:
        """The list of what a tab downloads."""
        return next(self.live.glob("manifest.*.json"))

    @property
    def script(self) -> str | None:
        """The address of a page's script below the root of the site, or None without one."""
        found = next(self.live.glob("main.*.js"), None)
        return f"live/{found.name}" if found else None

"""The pages of a built site, and where they are served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workbench.live.serve import StaticServer, serving

_CANONICAL = re.compile(r'<link rel="canonical" href="([^"]+)"')


@dataclass(frozen=True)
class SitePages:
    """The site in ``folder``."""

    folder: Path

    def all(self) -> list[str]:
        """Return the address of every page below the root of the site, the error page included.

        The viewer of plans is a part of other pages and shows nothing by itself.
        """
        return sorted(
            path.relative_to(self.folder).as_posix().removesuffix("index.html")
            for path in self.folder.rglob("*.html")
            if path.parent != self.folder / "live"
        )

    def sample(self) -> list[str]:
        """Return one page of each kind: pages of one kind lie at one depth of one section."""
        kinds = {(page.partition("/")[0], page.count("/")): page for page in self.all()}
        return sorted(kinds.values())

    def prefix(self) -> str:
        """Return the path that the site has on its host: the error page counts from it."""
        found = _CANONICAL.search((self.folder / "index.html").read_text(encoding="utf-8"))
        return urlsplit(found[1]).path if found else "/"

    @contextmanager
    def served(self) -> Iterator[StaticServer]:
        """Serve the site under its path, compressed as hosts do it."""
        with serving(self.folder, prefix=self.prefix(), compressing=True) as server:
            yield server

"""Links inside of the built site that lead nowhere."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class BrokenLink:
    """A link as it stands in ``page``, a path below the site, and what is wrong with it."""

    page: str
    link: str
    problem: str

    def __str__(self) -> str:
        return f"{self.page}: {self.link}: {self.problem}"


@dataclass
class _Page(HTMLParser):
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=lambda: {"", "top"})
    mount: str = "/"

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "link" and values.get("rel") == "canonical":
            self.mount = urlsplit(values.get("href", "")).path
        else:
            self.links += [values[name] for name in ("href", "src", "data") if name in values]
        candidates = values.get("srcset", "").split(",")
        self.links += [candidate.split()[0] for candidate in candidates if candidate.strip()]


def broken_links(site_dir: Path) -> list[BrokenLink]:
    """Return every link to a file or an anchor of the site that does not exist, in page order.

    Links to other hosts are not looked at. Reads all HTML below ``site_dir`` and asks nobody.
    Raises FileNotFoundError where there is no site.
    """
    site = _Site(site_dir.resolve())
    return [
        BrokenLink(page.relative_to(site.root).as_posix(), link, problem)
        for page in sorted(site.root.rglob("*.html"))
        for link in site.read(page).links
        if (problem := site.problem(page, link))
    ]


class _Site:
    def __init__(self, root: Path) -> None:
        self.root = root
        self._pages: dict[Path, _Page] = {}
        self._mount = self.read(root / "index.html").mount

    def read(self, page: Path) -> _Page:
        if page not in self._pages:
            self._pages[page] = _Page()
            self._pages[page].feed(page.read_text(encoding="utf-8"))
        return self._pages[page]

    def problem(self, page: Path, link: str) -> str | None:
        url = urlsplit(link)
        if url.scheme or url.netloc:
            return None
        path = unquote(url.path)
        if path.startswith("/"):
            if not path.startswith(self._mount):
                return f"lies outside of {self._mount}"
            target = self.root / path.removeprefix(self._mount)
        else:
            target = page.parent / path if path else page
        target = Path(os.path.normpath(target))
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(self.root) or not target.is_file():
            return "no such file"
        if target.suffix == ".html" and unquote(url.fragment) not in self.read(target).anchors:
            return f"no such anchor in {target.relative_to(self.root).as_posix()}"
        return None

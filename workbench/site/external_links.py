"""The links that lead to other hosts, with the pages that hold them."""

from __future__ import annotations

from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href") or ""
        if tag == "a" and urlsplit(link).scheme in {"http", "https", "mailto"}:
            self.found.add(link)


def external_links(site: Path) -> dict[str, list[str]]:
    """Return each address of another host that a page of ``site`` links to, sorted, with its pages.

    Asks nobody whether they are there.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for page in sorted(site.rglob("*.html")):
        links = _Links()
        links.feed(page.read_text(encoding="utf-8"))
        for link in links.found:
            holders[link].append(page.relative_to(site).as_posix().removesuffix("index.html"))
    return dict(sorted(holders.items()))


def as_text(links: dict[str, list[str]]) -> str:
    """Return ``links`` for people: an address a line, its pages indented under it."""
    lines = [f"{len(links)} addresses of other hosts"]
    for link, pages in links.items():
        lines += ["", link, *(f"    {page or '(home)'}" for page in pages)]
    return "\n".join(lines) + "\n"

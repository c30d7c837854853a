"""The site for programs that read text: each page as Markdown beside it, and lists of them.

``llms.txt`` lists the pages, ``llms-full.txt`` holds them one after the other.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import urljoin, urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from workbench.site.plain_markdown import plain_markdown
from workbench.site.stamp_line import STAMP, stamp_text

FILE = "index.md"
SCRIPT = "assets/javascripts/copy_markdown.js"
_SNIPPETS = "snippets/"
_LINK = f'<a class="page-markdown" href="{FILE}">Copy as Markdown</a>'


def with_copy(page: str) -> str:
    """Offer the Markdown of ``page`` under its title, in the line of links if there is one."""
    if line := re.search(r'<p class="lesson-links"[^>]*>', page):
        rest = page[line.end() :]
        dot = " · " if rest.startswith("<a") else ""
        return f"{page[: line.end()]}{_LINK}{dot}{rest}"
    alone = f'<p class="lesson-links" data-search-exclude>{_LINK}</p>'
    before, end, after = page.partition("</h1>")
    return f"{before}{end}\n{alone}{after}" if end else f"{page}\n{alone}"


def page_markdown(page: Page, files: Files, config: MkDocsConfig) -> str:
    """Return the text of ``page`` with its address and with links that lead from anywhere."""

    def resolve(link: str) -> str:
        url = urlsplit(link)
        if url.scheme or url.netloc:
            return link
        if not url.path:
            return f"{page.canonical_url}{link}"
        source = normpath(join(dirname(page.file.src_uri), url.path))
        found = files.get_file_from_path(source)
        target = found.url if found else join(dirname(page.file.dest_uri), url.path)
        fragment = f"#{url.fragment}" if url.fragment else ""
        return urljoin(config.site_url or "", _normal(target)) + fragment

    text = plain_markdown(page.markdown or "", resolve=resolve)
    heading, newline, rest = text.partition("\n")
    stamp = page.meta.get(STAMP)
    executed = f"\n{stamp_text(stamp)}\n" if stamp else ""
    return f"{heading}{newline}\nSource: {page.canonical_url}\n{executed}{rest}"


def _normal(address: str) -> str:
    """Return ``address`` without steps upwards, its last slash kept."""
    normal = normpath(address)
    normal = "" if normal == "." else normal
    return normal + "/" if address.endswith("/") and normal else normal


class Contents:
    """The pages of one build: those of the navigation, and those of the snippets."""

    def __init__(self, nav: Navigation, files: Files, config: MkDocsConfig) -> None:
        self.nav, self.files, self._config = nav, files, config
        self._texts: dict[str, str] = {}

    @property
    def snippets(self) -> list[Page]:
        """The pages of the snippets."""
        pages = (file.page for file in self.files.documentation_pages() if file.generated_by)
        return [page for page in pages if page and page.file.src_uri.startswith(_SNIPPETS)]

    def add(self, page: Page) -> None:
        """Write the Markdown of ``page`` beside it, and keep it for ``llms-full.txt``."""
        text = page_markdown(page, self.files, self._config)
        target = Path(page.file.abs_dest_path).with_name(FILE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        self._texts[page.file.src_uri] = text

    def write_lists(self) -> None:
        """Write ``llms.txt`` and ``llms-full.txt``, in the order of the navigation."""
        site = Path(self._config.site_dir)
        (site / "llms.txt").write_text("\n".join(self._list()) + "\n", encoding="utf-8")
        texts = (self._texts[page.file.src_uri] for page in [*self.nav.pages, *self.snippets])
        (site / "llms-full.txt").write_text("\n\n---\n\n".join(texts), encoding="utf-8")

    def _list(self) -> Iterator[str]:
        config, root = self._config, self._config.site_url or ""
        yield f"# {config.site_name}\n"
        yield f"> {' '.join((config.site_description or '').split())}\n"
        yield (
            f"Every page is Markdown as well, at its address with `{FILE}` behind; all of them in"
            f" one file: {urljoin(root, 'llms-full.txt')}. The snippets as JSON, with their tests:"
            f" {urljoin(root, 'registry/index.json')}.\n"
        )
        yield from _section("Start", [item for item in self.nav.items if isinstance(item, Page)])
        for item in self.nav.items:
            if isinstance(item, Section):
                yield from _section(item.title, _below(item))
        yield from _section("Snippets", self.snippets)


def _below(section: Section) -> Iterator[Page]:
    for child in section.children:
        if isinstance(child, Page):
            yield child
        elif isinstance(child, Section):
            yield from _below(child)


def _section(title: str, pages: Iterable[Page]) -> Iterator[str]:
    lines = [_entry(page) for page in pages]
    if lines:
        yield f"## {title}\n"
        yield from lines
        yield ""


def _entry(page: Page) -> str:
    address = urljoin(str(page.canonical_url), FILE)
    title = str(page.title).replace("[", r"\[").replace("]", r"\]")
    description = html.unescape(str(page.meta.get("description") or ""))
    return f"- [{title}]({address}): {description}"

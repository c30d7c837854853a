"""The page that a server sends for an address that does not exist: ways to go on."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.nav import Section
from mkdocs.structure.pages import Page

from workbench.site.machine_readable import Contents

TEMPLATE = "404.html"
SCRIPT = "assets/javascripts/nearest_pages.js"
TITLE = "There is no page at this address"


def not_found(output: str, *, contents: Contents, config: MkDocsConfig) -> str:
    """Return the theme's error page ``output`` with every page of the site to choose from.

    All addresses are absolute, since the page is shown at any depth. A script puts those first
    that come nearest to the address asked for; without it the list reads as well.
    """
    root = urlsplit(config.site_url or "/").path
    content = "\n".join(_content(contents, root))
    output = re.sub(r"<h1>.*?</h1>", lambda _: content, output, count=1, flags=re.DOTALL)
    title = f"<title>{TITLE} - {html.escape(config.site_name)}</title>"
    output = re.sub(r"<title>.*?</title>", lambda _: title, output, count=1, flags=re.DOTALL)
    head = (
        '<meta name="robots" content="noindex">'
        f'<script type="module" src="{html.escape(root + SCRIPT)}"></script></head>'
    )
    return output.replace("</head>", head, 1)


def _content(contents: Contents, root: str) -> Iterator[str]:
    yield f"<h1>{TITLE}</h1>"
    yield '<div class="nearest-pages" role="status"></div>'
    yield (
        "<p>It may hold a slip, or the page is gone. Search in the field at the top, or choose"
        " one of all pages:</p>"
    )
    yield f'<div class="all-pages" data-root="{html.escape(root)}">'
    yield from _links((item for item in contents.nav.items if isinstance(item, Page)), root)
    for item in contents.nav.items:
        if isinstance(item, Section):
            yield f"<h2>{html.escape(item.title)}</h2>"
            yield from _links((page for page in item.children if isinstance(page, Page)), root)
    if pages := contents.snippets:
        yield "<details><summary>Every snippet</summary>"
        yield from _links(pages, root)
        yield "</details>"
    yield "</div>"


def _links(pages: Iterable[Page], root: str) -> Iterator[str]:
    yield "<ul>"
    for page in pages:
        yield f'<li><a href="{html.escape(root + page.url)}">{page.title}</a></li>'
    yield "</ul>"

"""What the head of a page says to search engines and to whoever shows a link to it."""

from __future__ import annotations

import html
import json
from typing import Any
from urllib.parse import urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from workbench.site.catalogue import snippet_of
from workbench.site.stamp_line import STAMP, versions

CARD = "assets/images/card.png"
CARD_TEXT = "Every claim about SQLAlchemy, Alembic, asyncpg and FastAPI, run on a real PostgreSQL"
LICENCE = "https://spdx.org/licenses/MIT.html"


def with_metadata(output: str, page: Page, config: MkDocsConfig) -> str:
    """Return the page ``output`` with Open Graph, JSON-LD, and a link to its Markdown."""
    title = html.unescape(str(page.meta.get("title") or page.title))
    if page.is_homepage:
        title = config.site_name
    description = html.unescape(str(page.meta.get("description") or ""))
    url = str(page.canonical_url)
    graph = {
        "og:title": title,
        "og:description": description,
        "og:url": url,
        "og:type": "website" if page.is_homepage else "article",
        "og:image": urljoin(config.site_url or "", CARD),
        "og:image:alt": CARD_TEXT,
        "og:site_name": config.site_name,
    }
    tags = [
        f'<meta property="{name}" content="{html.escape(content)}">'
        for name, content in graph.items()
    ]
    tags.append('<meta name="twitter:card" content="summary_large_image">')
    # The space is allowed, and keeps the theme from taking it for another language of the site,
    # of which it would fetch a sitemap.
    tags.append('<link rel="alternate " type="text/markdown" href="index.md">')
    about = {"headline": title, "description": description, "url": url}
    tags.append(_json_ld(about | _kind(page, config)))
    return output.replace("</head>", "\n".join([*tags, "</head>"]), 1)


def with_script(output: str, script: str, *, url: str) -> str:
    """Let the page at ``url`` load ``script``, both counted from the site's root."""
    address = html.escape(get_relative_url(script, url))
    return output.replace("</head>", f'<script type="module" src="{address}"></script></head>', 1)


def _kind(page: Page, config: MkDocsConfig) -> dict[str, Any]:
    site = {"@type": "WebSite", "name": config.site_name, "url": config.site_url}
    if page.is_homepage:
        return site
    common = {"isPartOf": site, "inLanguage": "en", "license": LICENCE}
    if page.file.src_uri.endswith(".ipynb"):
        return {"@type": "TechArticle", **_reviewed(page), **common}
    if snippet := snippet_of(page):
        return {
            "@type": "SoftwareSourceCode",
            "name": snippet.name,
            "programmingLanguage": "Python",
            "codeRepository": config.repo_url,
            **common,
        }
    return {"@type": "WebPage", **common}


def _reviewed(page: Page) -> dict[str, Any]:
    """Return when the outputs of a lesson were compared with a run, and on what, if CI did so."""
    stamp = page.meta.get(STAMP)
    if not stamp:
        return {}
    return {
        "dependencies": versions(stamp),
        "mainEntityOfPage": {"@type": "WebPage", "lastReviewed": stamp.at},
    }


def _json_ld(data: dict[str, Any]) -> str:
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    # The text of a script ends at the first </script>, whatever JSON thinks of it.
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/ld+json">{text}</script>'

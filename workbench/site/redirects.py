"""Old addresses of pages that moved, which lead to the new ones for as long as the site stands."""

from __future__ import annotations

import html
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.utils import get_relative_url

from workbench.site.policy import policy

TABLE = "moved.toml"


class BrokenRedirect(Exception):
    """Says which entry of the table leads nowhere, or hides a page."""


def moved(docs: Path) -> dict[str, str]:
    """Return new addresses by old ones, from the table in ``docs``; none where there is none.

    Addresses count from the root of the site. Raises BrokenRedirect for a table of another form.
    """
    path = docs / TABLE
    if not path.exists():
        return {}
    table: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8")).get("moved", {})
    for old, new in table.items():
        if not (isinstance(new, str) and old.endswith("/") and old.strip("/")):
            raise BrokenRedirect(f"{TABLE}: {old!r} must be an address that ends in a slash.")
    return table


def write_redirects(table: Mapping[str, str], files: Files, config: MkDocsConfig) -> None:
    """Write a page at each old address. Raises BrokenRedirect, naming the entry, where it may not.

    That is so for a new address without a page, and for an old one that has a page.
    """
    pages = {"" if file.url == "./" else file.url for file in files.documentation_pages()}
    for old, new in table.items():
        address = new.partition("#")[0]
        if address not in pages:
            raise BrokenRedirect(f"{TABLE}: {old} leads to {new}, where there is no page.")
        if old in pages:
            raise BrokenRedirect(f"{TABLE}: {old} is the address of a page.")
        target = Path(config.site_dir, old, "index.html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_page(old, new, config), encoding="utf-8")


def _page(old: str, new: str, config: MkDocsConfig) -> str:
    link = html.escape(get_relative_url(new, old))
    address = html.escape(urljoin(config.site_url or "", new))
    # The script keeps what stands behind # in the link that was followed.
    script = f'location.replace("{link}" + location.hash)'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{policy(script=script)}
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>This page has moved - {html.escape(config.site_name)}</title>
<meta name="description" content="What was at this address is now at {address}.">
<meta name="robots" content="noindex">
<link rel="canonical" href="{address}">
<script>{script}</script>
<noscript><meta http-equiv="refresh" content="0; url={link}"></noscript>
</head>
<body>
<h1>This page has moved</h1>
<p>It is now at <a href="{link}">{address}</a>.</p>
</body>
</html>
"""

"""The registry on the site, and the command beside each listing."""

from __future__ import annotations

import json

from database_patterns.published import files
from database_patterns.registry import Registry
from database_patterns.sources import Sources
from tests.site.conftest import BuiltSite
from tests.site.test_built_pages import soup

REGISTRY = Registry(Sources.installed())


def test_the_site_serves_the_registry_as_it_is(site: BuiltSite) -> None:
    served = {
        path: (site.folder / "registry" / path).read_text("utf-8") for path, _ in files(REGISTRY)
    }
    assert served == dict(files(REGISTRY))
    index = json.loads(served["index.json"])
    assert [each["name"] for each in index["snippets"]] == list(REGISTRY.snippets)


def test_the_page_of_the_command_leads_to_every_snippet(site: BuiltSite) -> None:
    link = soup(site, "command/").select_one("#every-snippet + p > a")
    assert link is not None
    assert (site.folder / "command" / str(link["href"]) / "index.html").resolve().is_file()


def test_a_listing_has_the_exact_command_above_it(site: BuiltSite) -> None:
    checked = 0
    for page in site.lessons():
        for caption in soup(site, page).select(".listing-caption"):
            path = caption.select_one(".listing-path")
            command = caption.select_one("code")
            assert path is not None
            assert command is not None
            name = path.get_text().removeprefix("snippets/").removesuffix(".py")
            assert command.get_text() == f"database-patterns add {name} --into app/db"
            assert name in REGISTRY.snippets
            checked += 1
    assert checked >= len(REGISTRY.snippets) - 5

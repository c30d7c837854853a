"""The registry of snippets on the site: files for programs, and a list for people."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from database_patterns.published import files as registry_files
from database_patterns.registry import Registry, Snippet
from database_patterns.sources import Sources
from workbench.markdown import table_cell

MARK = "<!-- snippets and their commands -->"
FOLDER = "registry"


def add_registry(files: Files, config: MkDocsConfig) -> None:
    """Publish what the command reads, as static JSON below ``registry/``."""
    for path, text in registry_files(Registry(Sources.installed())):
        files.append(File.generated(config, f"{FOLDER}/{path}", content=text))


def with_snippets(markdown: str) -> str:
    """Return ``markdown`` with the list of snippets in place of its mark."""
    snippets = Registry(Sources.installed()).snippets.values()
    return markdown.replace(MARK, "\n".join(_item(snippet) for snippet in snippets))


def _item(snippet: Snippet) -> str:
    # A list and not a table: beside a summary, a telephone has no room for a command.
    summary = table_cell(snippet.summary.replace("``", "`"))
    return (
        f"- [{snippet.name}]({snippet.path}): {summary}<br>"
        f"`database-patterns add {snippet.name} --into app/db`"
    )

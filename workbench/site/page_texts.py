"""A hook that keeps the Markdown of every page as MkDocs gets it, for a build of nothing else."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

KEY = "page_texts"
"""Where the configuration names the folder to write into."""


@event_priority(-1000)
def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Write what all others made of ``page``, under its path with the suffix of Markdown."""
    target = Path(config.extra[KEY], page.file.src_uri).with_suffix(".md")
    target.parent.mkdir(parents=True, exist_ok=True)
    # The title is of the navigation or of the heading, as it was.
    target.write_text(markdown.replace(".ipynb", ".md"), encoding="utf-8")

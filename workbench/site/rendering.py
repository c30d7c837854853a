"""Pages that did not change are not rendered again while one process builds several times."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import MethodType
from typing import Any, NamedTuple

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils import CountHandler

_ABSENT = object()


class _Rendered(NamedTuple):
    markdown: str | None
    pages: frozenset[str]
    changes: dict[str, Any]


_last: dict[str, _Rendered] = {}


def remember_rendering(page: Page) -> None:
    """Let ``page`` take what rendering it brought the last time, if it would bring it again.

    That is so where its Markdown is the same, links can lead to the same files, and nothing was
    warned of. Call when the Markdown is final and before the page is rendered.
    """
    render = page.render

    def render_once(self: Page, config: MkDocsConfig, files: Files) -> None:
        pages = frozenset(file.src_uri for file in files)
        last = _last.get(self.file.src_uri)
        if last is None or (last.markdown, last.pages) != (self.markdown, pages):
            before = dict(vars(self))
            if _warns(lambda: render(config, files)):
                _last.pop(self.file.src_uri, None)
                return
            changes = {
                name: value
                for name, value in vars(self).items()
                if before.get(name, _ABSENT) is not value
            }
            _last[self.file.src_uri] = _Rendered(self.markdown, pages, changes)
            return
        vars(self).update(last.changes)
        self.links_to_anchors = _to_present(last.changes.get("links_to_anchors"), files)

    vars(page)["render"] = MethodType(render_once, page)


def _warns(work: Callable[[], None]) -> bool:
    counter = CountHandler()
    counter.setLevel(logging.WARNING)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(counter)
    try:
        work()
    finally:
        logger.removeHandler(counter)
    return bool(counter.get_counts())


def _to_present(links: dict[Any, dict[str, str]] | None, files: Files) -> Any:
    """Return ``links`` to the files of this build, which have the pages of this build."""
    present = {file.src_uri: file for file in files}
    return links and {present[file.src_uri]: anchors for file, anchors in links.items()}

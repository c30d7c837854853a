"""Build the site from the outputs that lie in the lessons; no database is needed."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import MkDocsException

from workbench.live.site_files import LiveFiles
from workbench.site.live_page import KEY

# The theme prints a notice about its own future; it is no news to a reader.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")


class SiteNotBuilt(RuntimeError):
    """The site has faults; the message names them, one line each."""


def build_site(
    config_file: Path, site_dir: Path, *, strict: bool = True, live: LiveFiles | None = None
) -> float:
    """Build the site of ``config_file`` into ``site_dir`` and return the seconds it took.

    What ``site_dir`` held before is removed. With ``strict`` a warning, such as a link that leads
    nowhere, is a fault. Lessons run in their pages on ``live``, or not at all without it. Raises
    SiteNotBuilt where there are faults.
    """
    started = time.perf_counter()
    with site_faults():
        config = load_config(str(config_file), site_dir=str(site_dir), strict=strict)
        config.extra[KEY] = live
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        finally:
            config.plugins.on_shutdown()
    return time.perf_counter() - started


@contextmanager
def site_faults() -> Iterator[list[str]]:
    """Collect the warnings of MkDocs in the list given; turn its errors into SiteNotBuilt.

    Nothing is printed meanwhile.
    """
    warnings: list[str] = []
    collector = _Collector(warnings)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(collector)
    try:
        yield warnings
    except MkDocsException as error:
        raise SiteNotBuilt("\n".join(warnings) or error.format_message()) from error
    finally:
        logger.removeHandler(collector)


class _Collector(logging.Handler):
    def __init__(self, collected: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._collected = collected

    def emit(self, record: logging.LogRecord) -> None:
        self._collected.append(record.getMessage())

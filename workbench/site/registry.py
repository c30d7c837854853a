"""The registry of snippets on the site, as files for programs."""

from __future__ import annotations

from functools import cache

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from database_patterns.published import files as registry_files
from database_patterns.registry import Registry
from database_patterns.sources import Sources

FOLDER = "registry"


@cache
def registry() -> Registry:
    """Return the snippets as they were when the build began."""
    return Registry(Sources.installed())


def add_registry(files: Files, config: MkDocsConfig) -> None:
    """Publish what the command reads, as static JSON below ``registry/``."""
    registry.cache_clear()
    for path, text in registry_files(registry()):
        files.append(File.generated(config, f"{FOLDER}/{path}", content=text))

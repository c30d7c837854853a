"""The registry as JSON: what ``--json`` prints and what the site serves.

``schema.json`` beside this module describes it; ``FORMAT`` goes up when a reader would break.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from database_patterns.registry import Registry, Snippet
from database_patterns.sources import FIXTURES

FORMAT = 1
SCHEMA = Path(__file__).parent / "schema.json"
_LICENCE = "MIT"


def described(snippet: Snippet, registry: Registry) -> dict[str, Any]:
    """Return what there is to know of ``snippet`` but its text."""
    own = {snippet.path, *([snippet.test] if snippet.test else [])}
    with_needs = registry.files([snippet.name], tests=False)
    with_tests = registry.files([snippet.name], tests=True)
    return {
        "name": snippet.name,
        "summary": snippet.summary,
        "buys": snippet.buys,
        "costs": [cost._asdict() for cost in snippet.costs],
        "needs": snippet.needs,
        "limits": snippet.limits,
        "licence": _LICENCE,
        "version": registry.sources.release,
        "snippets": registry.needs(snippet.name),
        "requirements": registry.requirements(with_needs),
        "test_snippets": registry.needs(snippet.name, tests=True) if snippet.test else [],
        "test_requirements": registry.requirements(with_tests) if snippet.test else [],
        "files": [{"path": path, "sha256": registry.digest(path)} for path in sorted(own)],
        "test_support": sorted(path for path in with_tests if _is_support(path)),
        "command": f"database-patterns add {snippet.name} --into app/db",
    }


def entry(snippet: Snippet) -> dict[str, str]:
    """Return one line of a list of snippets."""
    return {"name": snippet.name, "summary": snippet.summary}


def files(registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield the path and text of every file of the registry, for a folder of a site."""
    yield "schema.json", SCHEMA.read_text(encoding="utf-8")
    snippets = registry.snippets.values()
    yield (
        "index.json",
        _text(
            {
                "$schema": "schema.json",
                "format": FORMAT,
                "version": registry.sources.release,
                "licence": _LICENCE,
                "snippets": [
                    {
                        **entry(snippet),
                        "path": f"{snippet.name}.json",
                        "sha256": registry.digest(snippet.path),
                    }
                    for snippet in snippets
                ],
                "test_support": "test_support.json",
            }
        ),
    )
    for snippet in snippets:
        document = described(snippet, registry)
        document["files"] = [_with_text(each["path"], registry) for each in document["files"]]
        yield (
            f"{snippet.name}.json",
            _text(
                {
                    "$schema": "../schema.json",
                    "format": FORMAT,
                    **document,
                }
            ),
        )
    support = sorted(filter(_is_support, registry.files(registry.snippets, tests=True)))
    yield (
        "test_support.json",
        _text(
            {
                "$schema": "schema.json",
                "format": FORMAT,
                "version": registry.sources.release,
                "files": [_with_text(path, registry) for path in support],
            }
        ),
    )


def _with_text(path: str, registry: Registry) -> dict[str, str]:
    return {"path": path, "sha256": registry.digest(path), "text": registry.sources.text(path)}


def _is_support(path: str) -> bool:
    """Tell whether several tests share the file: packages and what stands outside of snippets."""
    return path == FIXTURES or path.startswith("workbench/") or path.endswith("/__init__.py")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

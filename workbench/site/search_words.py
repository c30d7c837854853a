"""The words that people search a lesson by, where its text has others for them."""

from __future__ import annotations

import tomllib
from pathlib import Path

LESS = 0.3
"""What a page counts that is no lesson, which counts 1."""


class BrokenSearchWords(Exception):
    """Says which file holds words for the search that cannot be read."""


def search_words(notebook: Path) -> list[str]:
    """Return what ``[search]`` in the TOML file beside ``notebook`` names; mostly a few, or none.

    They are the usual name of the problem, and errors as they are pasted. The search weighs them
    like a title. Raises BrokenSearchWords for anything but a list of texts without repetition.
    """
    path = notebook.with_suffix(".toml")
    if not path.exists():
        return []
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("search", {"words": []})
    words = table.get("words") if isinstance(table, dict) and set(table) == {"words"} else None
    if not isinstance(words, list) or not all(isinstance(each, str) and each for each in words):
        raise BrokenSearchWords(f"{path.name}: [search] has one entry: words, a list of texts.")
    if len({each.casefold() for each in words}) < len(words):
        raise BrokenSearchWords(f"{path.name}: [search] names a text twice.")
    return words

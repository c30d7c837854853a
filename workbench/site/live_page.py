"""What a page needs so that its cells run in it: a script, and the cells beside the page."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from workbench.execution.exercise import Exercise, exercise_beside
from workbench.execution.notebook import (
    Notebook,
    needs_server,
    needs_stacks,
    read_notebook,
    source,
)
from workbench.live.site_files import LiveFiles
from workbench.site import scratchpad

KEY = "live"
"""Where the configuration of a build holds the files that pages run on, if it has them."""

CELLS = "live.json"
_UNDER_TITLE = re.compile(r'</h1>(?:\s*<p class="lesson-links".*?</p>)?', re.DOTALL)


def live_files(config: MkDocsConfig) -> LiveFiles | None:
    """Return the files that the pages of this build run on, or None where it has none."""
    found: LiveFiles | None = config.extra.get(KEY)
    return found


def publish(files: LiveFiles, site: Path) -> None:
    """Put ``files`` under the root of ``site``, in place of what an earlier build left there."""
    shutil.rmtree(site / "live", ignore_errors=True)
    for path in files.folder.rglob("*"):
        if path.is_file():
            target = site / path.relative_to(files.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def with_script(page: str, *, script: str, url: str) -> str:
    """Let ``page``, which lies at ``url``, load ``script``; both count from the site's root."""
    address = html.escape(get_relative_url(script, url))
    tag = f'<script type="module" src="{address}" async></script>'
    return page.replace("</head>", f"{tag}</head>", 1)


def has_plan(page: str) -> bool:
    """Tell whether ``page`` shows a plan, which the script lets readers open as a tree."""
    return '<div class="output output-plan">' in page


def with_need(page: str, *, reason: str, instructions: str | None) -> str:
    """Say under the title of ``page`` why its cells have no Run; ``instructions`` is a link."""
    said = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(reason, quote=False))
    link = ""
    if instructions:
        link = f' <a href="{html.escape(instructions)}">Run it on your machine</a>.'
    note = f'<p class="needs-server"><strong>Needs a server.</strong> {said}{link}</p>\n'
    return _UNDER_TITLE.sub(lambda found: f"{found[0]}\n{note}", page, count=1)


def write_cells(page: Page, title: str) -> None:
    """Write what the script fetches when a reader first uses ``page``, beside it."""
    path = Path(str(page.file.abs_src_path))
    if path.suffix == ".ipynb":
        content = lesson_cells(read_notebook(path), exercise_beside(path), notebook=path.name)
    else:
        cells = scratchpad.cells(path.read_text(encoding="utf-8"))
        content = {"cells": cells, "exercise": None, "needs_server": None, "notebook": None}
    target = Path(page.file.abs_dest_path).with_name(CELLS)
    text = json.dumps({"title": title, **content}, ensure_ascii=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def lesson_cells(lesson: Notebook, exercise: Exercise | None, *, notebook: str) -> dict[str, Any]:
    """Return the cells of ``lesson``, stored as ``notebook``, in the form that the script reads."""
    cells = [
        {
            "id": cell["id"],
            "kind": cell["cell_type"],
            "source": source(cell),
            "tags": cell["metadata"].get("tags", []),
        }
        for cell in lesson["cells"]
        if cell["cell_type"] in {"code", "markdown"}
    ]
    return {
        "notebook": notebook,
        "cells": cells,
        "exercise": exercise
        and {"start": exercise.start, "check": exercise.check, "hints": list(exercise.hints)},
        "needs_server": needs_server(lesson),
        "needs_stack_switching": needs_stacks(lesson),
    }

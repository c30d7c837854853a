"""Reading and writing notebooks so that equal content is equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

OLDEST_POSTGRESQL = 15
NEEDS_SERVER = "needs_server"
NEEDS_STACKS = "needs_stack_switching"

type Notebook = dict[str, Any]
type Cell = dict[str, Any]


class BrokenNotebook(Exception):
    """Says which file is not a notebook and why."""


def read_notebook(path: Path) -> Notebook:
    """Return the notebook at ``path``, the source of each cell as one string.

    Raises BrokenNotebook where the file is none.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BrokenNotebook(f"{path.name} cannot be read as a notebook: {error}") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise BrokenNotebook(f"{path.name} is JSON but not a notebook: it has no list of cells.")
    for cell in notebook["cells"]:
        cell["source"] = joined(cell["source"])
    return notebook


def write_notebook(notebook: Notebook, path: Path) -> bool:
    """Write ``notebook`` in its one form if the file differs; return whether it did."""
    text = as_text(notebook)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def as_text(notebook: Notebook) -> str:
    """Return the one form in which a notebook is committed: no timestamps, no kernel's traces."""
    metadata: dict[str, Any] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if reason := needs_server(notebook):
        metadata[NEEDS_SERVER] = reason
    if needs_stacks(notebook):
        metadata[NEEDS_STACKS] = True
    stored = {
        "cells": [_stored(cell) for cell in notebook["cells"]],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(stored, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _stored(cell: Cell) -> Cell:
    metadata = {key: value for key, value in cell["metadata"].items() if key in ("listing", "tags")}
    stored: Cell = {
        "cell_type": cell["cell_type"],
        "id": cell["id"],
        "metadata": metadata,
        "source": source(cell).splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        stored["execution_count"] = cell.get("execution_count")
        stored["outputs"] = outputs(cell)
    return stored


def source(cell: Mapping[str, Any]) -> str:
    """Return the text of ``cell``, however the file splits it."""
    return joined(cell["source"])


def joined(text: str | list[str]) -> str:
    """Return multi-line text of a notebook as one string."""
    return text if isinstance(text, str) else "".join(text)


def outputs(cell: Cell) -> list[dict[str, Any]]:
    """Return the outputs of ``cell`` in their one form; neighbouring streams become one."""
    kept: list[dict[str, Any]] = []
    for output in cell.get("outputs", []):
        kind = output["output_type"]
        if kind == "stream":
            previous = kept[-1] if kept else {}
            text = joined(output["text"])
            if previous.get("name") == output["name"]:
                text = joined(previous["text"]) + text
                kept.pop()
            lines = text.splitlines(keepends=True)
            kept.append({"name": output["name"], "output_type": kind, "text": lines})
        elif kind == "error":
            kept.append({key: output[key] for key in ("ename", "evalue", "output_type")})
            kept[-1]["traceback"] = []
        else:
            data = {
                mime: joined(value).splitlines(keepends=True)
                if isinstance(value, str | list)
                else value
                for mime, value in output["data"].items()
            }
            stored = {"data": data, "metadata": output.get("metadata", {}), "output_type": kind}
            if kind == "execute_result":
                stored["execution_count"] = output.get("execution_count")
            kept.append(stored)
    return kept


def needs_server(notebook: Notebook) -> str | None:
    """Return why ``notebook`` cannot run in a page, in a sentence, or None where it can."""
    reason: str | None = notebook.get("metadata", {}).get(NEEDS_SERVER)
    return reason


def needs_stacks(notebook: Notebook) -> bool:
    """Whether ``notebook`` runs in a page only where the browser can suspend WebAssembly."""
    return bool(notebook.get("metadata", {}).get(NEEDS_STACKS))


def oldest_postgresql(notebook: Notebook) -> int:
    """Return the oldest major version that ``notebook`` runs on.

    A cell tagged ``postgresql-17`` says that it uses what is new in 17, or asserts figures that
    older versions do not reach.
    """
    tags = [tag for cell in notebook["cells"] for tag in cell["metadata"].get("tags", [])]
    named = [int(tag.removeprefix("postgresql-")) for tag in tags if tag.startswith("postgresql-")]
    return max(named, default=OLDEST_POSTGRESQL)


def code_cells(notebook: Notebook) -> Iterator[Cell]:
    """Yield the code cells of ``notebook``."""
    return (cell for cell in notebook["cells"] if cell["cell_type"] == "code")

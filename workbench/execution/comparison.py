"""Where executed outputs differ from the committed ones, as a person reads a diff."""

from __future__ import annotations

import difflib
import re
from typing import Any

from workbench.execution.notebook import Cell, Notebook, code_cells, joined, outputs

# What a sort or a hash takes depends on the width of a pointer.
_MEMORY = re.compile(r"\b(Memory(?: Usage)?: )\d+kB")


def differences(lesson: str, committed: Notebook, executed: Notebook) -> list[str]:
    """Return one readable diff for each code cell of ``lesson`` whose outputs differ.

    Both notebooks hold the same cells; outputs are compared by type, MIME type and text,
    but for the memory of sorts and hashes in plans, which differs between processors.
    """
    found = []
    for number, (before, after) in enumerate(
        zip(code_cells(committed), code_cells(executed), strict=True), start=1
    ):
        old, new = _lines(before), _lines(after)
        if old != new:
            diff = difflib.unified_diff(old, new, "committed", "executed", lineterm="", n=2)
            where = f"{lesson}, cell {before['id']} (code cell {number})"
            reason = "has no committed output" if not old else "its output differs"
            found.append(f"{where}: {reason}\n" + "\n".join(diff))
    return found


def _lines(cell: Cell) -> list[str]:
    return [line for output in outputs(cell) for line in _shown(output)]


def _shown(output: dict[str, Any]) -> list[str]:
    kind = output["output_type"]
    if kind == "stream":
        return [f"[{output['name']}]", *joined(output["text"]).splitlines()]
    if kind == "error":
        return ["[error]", f"{output['ename']}: {output['evalue']}"]
    lines = []
    for mime, value in sorted(output["data"].items()):
        if mime == "text/plain" and "text/markdown" in output["data"]:
            continue
        shape = output["metadata"].get(mime, {}).get("kind")
        text = joined(value) if isinstance(value, str | list) else str(value)
        text = _MEMORY.sub(r"\1…kB", text)
        lines += [f"[{mime}{f', {shape}' if shape else ''}]", *text.splitlines()]
    return lines

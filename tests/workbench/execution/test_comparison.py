"""What counts as a difference between two runs."""

from __future__ import annotations

from typing import Any

from workbench.execution.comparison import differences


def notebook(text: str, *, kind: str = "plan") -> dict[str, Any]:
    output = {
        "output_type": "display_data",
        "data": {"text/markdown": text, "text/plain": text},
        "metadata": {"text/markdown": {"kind": kind}},
    }
    cell = {"cell_type": "code", "id": "a-sort", "metadata": {}, "source": "", "outputs": [output]}
    return {"cells": [cell], "metadata": {}}


def test_memory_of_a_sort_or_a_hash_is_no_difference() -> None:
    plan = "Sort Method: top-N heapsort  Memory: {0}kB\nHash  Memory Usage: {0}kB\n{1} rows"
    assert differences("x", notebook(plan.format(27, 5)), notebook(plan.format(19, 5))) == []
    (found,) = differences("x", notebook(plan.format(27, 5)), notebook(plan.format(19, 6)))
    assert found.splitlines()[0] == "x, cell a-sort (code cell 1): its output differs"
    assert "-5 rows" in found
    assert "+6 rows" in found
    assert "27kB" not in found


def test_the_kind_of_a_sort_is_one() -> None:
    before, after = "Sort Method: quicksort  Memory: 1kB", "Sort Method: top-N  Memory: 1kB"
    assert len(differences("x", notebook(before), notebook(after))) == 1

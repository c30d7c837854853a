"""Show objects in the output of the cell that runs."""

from __future__ import annotations

from typing import Any

from tab import outputs


def display(*objects: Any) -> None:
    """Show each of ``objects`` in its richest form."""
    for shown in objects:
        outputs.show(shown)

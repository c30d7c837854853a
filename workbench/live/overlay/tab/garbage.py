"""Collecting garbage only while a single WebAssembly stack is in use.

With a second one the collector of Python 3.14 ends in "memory access out of bounds" (Pyodide
314.0.7).
"""

from __future__ import annotations

import gc
from collections.abc import Callable

MOST_NEW_OBJECTS = 50_000

_collect = gc.collect


def install(stacks_in_use: Callable[[], int]) -> None:
    """Collect no more by itself; a program that asks for it is heard where that is safe."""
    gc.disable()
    gc.enable = lambda: None

    def collect(generation: int = 2) -> int:
        return 0 if stacks_in_use() else _collect(generation)

    gc.collect = collect


def collect_if_due() -> None:
    """Collect where enough objects have come up since the last time."""
    if gc.get_count()[0] > MOST_NEW_OBJECTS:
        gc.collect()

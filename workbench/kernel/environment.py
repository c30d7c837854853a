"""Switching warm kernels on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

PROVISIONER = "database-patterns-warm"
VARIABLE = "JUPYTER_DEFAULT_PROVISIONER_NAME"


@contextmanager
def warm_kernels() -> Iterator[None]:
    """Start the kernels of this block by forking, unless the environment names another way."""
    if VARIABLE in os.environ:
        yield
        return
    os.environ[VARIABLE] = PROVISIONER
    try:
        yield
    finally:
        del os.environ[VARIABLE]

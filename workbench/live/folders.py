"""Folders that are whole or absent, whoever is interrupted while making them."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]

_PART = re.compile(r"\.(\d+)-[0-9a-f]{8}\.part$")


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return ``folder``; where it is absent, let ``make`` fill an empty one that becomes it.

    Two that do so at once both succeed, and one's work is dropped. Whatever ``make`` raises
    leaves nothing behind; what a killed process left is removed by the next.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder.parent)
    part = part_of(folder)
    part.mkdir()
    try:
        make(part)
        part.replace(folder)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        if not folder.is_dir():
            raise
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in this block with ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def part_of(path: Path) -> Path:
    """Return the name under which this process makes what becomes ``path``."""
    return path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def remove_abandoned(folder: Path) -> None:
    """Remove from ``folder`` what processes that are gone had not finished."""
    for path in folder.glob("*.part"):
        maker = _PART.search(path.name)
        if maker and not psutil.pid_exists(int(maker[1])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def linked(source: Path, target: Path) -> None:
    """Give the file ``source`` a second name, or copy it where that cannot be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

"""Files written together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from database_patterns.changes import Change
from database_patterns.refusal import Refused
from database_patterns.text_files import content_at


def write_all(root: Path, changes: Sequence[Change]) -> None:
    """Write ``changes`` under ``root``; when anything fails, put back what was there.

    Each file is written beside its place and renamed, so that no reader finds half of one.
    Raises Refused, after everything was put back, where the system refuses to write.
    """
    undo = contextlib.ExitStack()
    try:
        ready = [(_prepared(root / change.path, change, undo), change) for change in changes]
        for temporary, change in ready:
            place = root / change.path
            if content_at(place) != change.before:
                raise Refused(f"{change.path} was changed by another program meanwhile: try again.")
            undo.callback(_restore, place, change.before)
            os.replace(temporary, place)
    except BaseException as error:
        undo.close()
        if isinstance(error, OSError):
            raise Refused(
                f"{_shown(error, root)} cannot be written ({error.strerror or error}): "
                "nothing was changed."
            ) from error
        raise
    undo.pop_all()


def _prepared(place: Path, change: Change, undo: contextlib.ExitStack) -> Path:
    """Write the new content beside ``place`` and return where; make the folders it needs."""
    for folder in reversed([each for each in place.parents if not each.exists()]):
        folder.mkdir()
        undo.callback(_remove_folder, folder)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    undo.callback(Path(name).unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as file:
        file.write(change.after)
    Path(name).chmod(place.stat().st_mode & 0o7777 if place.exists() else 0o666 & ~_umask())
    return Path(name)


def _restore(place: Path, before: bytes | None) -> None:
    if before is None:
        place.unlink(missing_ok=True)
    else:
        place.write_bytes(before)


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _shown(error: OSError, root: Path) -> str:
    path = Path(str(error.filename)) if error.filename else root
    folder = path.parent if path.name.startswith(".") else path
    return str(folder.relative_to(root)) if root in folder.parents else str(folder)

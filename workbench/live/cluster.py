"""The data directory of the tab's PostgreSQL, as small as it can be."""

from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path

from workbench.postgres.settings import PRIVILEGED_SETTINGS, SETTINGS

_SEGMENT = 1 << 20
# A tab makes no databases, so the files of the two templates are never read.
_TEMPLATES = ("base/1/", "base/4/")
_OF_A_TAB = {
    "shared_buffers": "16MB",
    # What has written is put aside for another connection as a prepared transaction.
    "max_prepared_transactions": "32",
}
_SECOND = 1_577_836_800  # 2020-01-01, as in javascript/build/cluster.mjs


def start_parameters() -> list[str]:
    """Return the settings of a lesson's database as arguments of the server."""
    settings = SETTINGS | PRIVILEGED_SETTINGS | _OF_A_TAB
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def packed_cluster(data: Path) -> bytes:
    """Return a tar file of the data directory ``data``, which was shut down cleanly.

    Of the write-ahead log it holds the segment with the last checkpoint alone.
    """
    last = _last_segment((data / "global" / "pg_control").read_bytes())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(data.rglob("*")):
            name = path.relative_to(data).as_posix()
            if _is_needed(name, last):
                _add(archive, path, name)
    return packed.getvalue()


def _is_needed(name: str, last_segment: str) -> bool:
    if name.startswith(_TEMPLATES):
        return False
    is_segment = name.startswith("pg_wal/0")
    return not is_segment or name == f"pg_wal/{last_segment}"


def _last_segment(control: bytes) -> str:
    """Return the name of the log file that holds the checkpoint of a cluster's control file."""
    (position,) = struct.unpack_from("<Q", control, 32)
    (timeline,) = struct.unpack_from("<I", control, 48)
    high, low = divmod(position // _SEGMENT, (1 << 32) // _SEGMENT)
    return f"{timeline:08X}{high:08X}{low:08X}"


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime = _SECOND
    if path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o700
        archive.addfile(entry)
    else:
        entry.size, entry.mode = path.stat().st_size, 0o600
        with path.open("rb") as content:
            archive.addfile(entry, content)

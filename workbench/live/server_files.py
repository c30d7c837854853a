"""The files beside the tab's PostgreSQL, those that it never reads emptied."""

from __future__ import annotations

import re
from pathlib import Path

_ENTRY = re.compile(r'\{filename:"([^"]+)",start:([\d.e]+),end:([\d.e]+)\}')
# What initdb and the building of extensions read, conversions between encodings, other languages.
_UNREAD = re.compile(
    r"""
    /(?: postgres\.bki | (?: information_schema | snowball_create | system_\w+ )\.sql
       | (?: errcodes | sql_features )\.txt )$
    | \.sample$ | /pgxs/ | /utf8_and_ | _and_\w+\.so$ | /libpqwalreceiver
    | /tsearch_data/(?!english\.stop)
    """,
    re.VERBOSE,
)


class UnknownForm(Exception):
    """Says that PGlite's files are not as they were when this was written."""


def trimmed(data: bytes, script: str) -> bytes:
    """Return ``data``, the files that ``script`` unpacks by position, with the unread ones zeroed.

    They keep their places and sizes. Raises UnknownForm where the script names no files.
    """
    entries = _ENTRY.findall(script)
    if not entries:
        raise UnknownForm("PGlite's script does not tell where its files lie.")
    kept = bytearray(data)
    for name, start, end in entries:
        first, last = int(float(start)), int(float(end))
        if _UNREAD.search(name):
            kept[first:last] = bytes(last - first)
    return bytes(kept)


def script_of(package: Path) -> str:
    """Return the script of PGlite's ``package`` that unpacks its files."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(package.glob("dist/*.js")))
    return next(filter(_ENTRY.search, texts), "")


def file_within(package: Path, name: str) -> bytes:
    """Return the file ``name`` of PGlite's ``package``. Raises UnknownForm where it has none."""
    for found, start, end in _ENTRY.findall(script_of(package)):
        if found == name:
            data = (package / "dist" / "pglite.data").read_bytes()
            return data[int(float(start)) : int(float(end))]
    raise UnknownForm(f"PGlite comes without {name}.")

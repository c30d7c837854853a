"""What Python calls PostgreSQL's character sets."""

from __future__ import annotations

_OTHER_NAMES = {
    "abc": "cp1258",
    "alt": "cp866",
    "euc_cn": "euccn",
    "euc_jp": "eucjp",
    "euc_kr": "euckr",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "shift_jis_2004": "euc_jis_2004",
    "sjis": "shift_jis",
    "sql_ascii": "ascii",
    "tcvn": "cp1258",
    "tcvn5712": "cp1258",
    "unicode": "utf_8",
    "vscii": "cp1258",
    # asyncpg's own misspelling of cp1251, for which Python has no codec.
    "win": "cp1521",
}
_PAGES = (866, 874, 932, 936, 949, 950, *range(1250, 1259))
_OTHER_NAMES |= {f"{prefix}{page}": f"cp{page}" for prefix in ("win", "windows") for page in _PAGES}


def python_encoding(name: str) -> str:
    """Return Python's name of the character set that PostgreSQL calls ``name``."""
    return _OTHER_NAMES.get(name.lower(), name.lower())

"""Text as it is compared: with one kind of line end, whatever a checkout made of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from database_patterns.refusal import Refused


def decoded(content: bytes, path: object) -> str:
    """Return ``content`` as text with ``\\n`` at each end of line. Raises Refused if it is none."""
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not text in UTF-8.") from error


def encoded(text: str, *, like: bytes | None) -> bytes:
    """Return ``text`` with the line ends of ``like``, the content that it replaces."""
    if like is not None and b"\r\n" in like:
        text = text.replace("\n", "\r\n")
    return text.encode("utf-8")


def content_at(path: Path) -> bytes | None:
    """Return what the file holds, or None where there is none. Raises Refused if unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}.") from error


def digest(text: str) -> str:
    """Return the SHA-256 of ``text``, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

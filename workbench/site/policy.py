"""The content security policy that every page carries, and what has to move so that it holds."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

FOLDER: Final = "assets/javascripts"
_DIRECTIVES: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "frame-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
_INLINE = re.compile(r"<script>(.*?)</script>\n?", re.DOTALL)
_SCRIPTS = re.compile(r"(script-src 'self')(?=[;\"])")


def policy(*, script: str | None = None) -> str:
    """Return the element that carries the policy; an inline ``script`` is allowed by its hash."""
    directives = dict(_DIRECTIVES)
    if script is not None:
        directives["script-src"] += f" {_source(script)}"
    text = ";".join(f"{name} {sources}" for name, sources in directives.items())
    return f'<meta http-equiv="Content-Security-Policy" content="{text}">'


def with_policy(page: str, *, root: str, site: Path) -> str:
    """Return ``page`` with the policy before all that it loads, and without inline scripts.

    These lie in files below ``site`` afterwards, whose addresses begin with ``root``, which ends
    in a slash. Those of the head run as the first in the body: they cost one request together.
    """
    head, end, body = page.partition("</head>")
    first = "".join(f"{text};\n" for text in _INLINE.findall(head))
    head = _INLINE.sub("", head).replace(
        '<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy()}', 1
    )

    def moved(found: re.Match[str]) -> str:
        nonlocal first
        text, first = first + found[1], ""
        return f'<script src="{root}{_file(text, site)}"></script>\n'

    return head + end + _INLINE.sub(moved, body)


def allowing(page: str, script: str) -> str:
    """Return ``page``, whose policy now allows the inline ``script`` too."""
    return _SCRIPTS.sub(lambda found: f"{found[1]} {_source(script)}", page, count=1)


def _file(script: str, site: Path) -> str:
    digest = hashlib.sha256(script.encode()).hexdigest()[:8]
    address = f"{FOLDER}/theme.{digest}.js"
    target = site / address
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(script, encoding="utf-8")
    return address


def _source(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

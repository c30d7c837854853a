"""The content security policy that every page carries."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

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
_COLOURS = re.compile(r"<script>(var palette=.*?)</script>", re.DOTALL)
_SCRIPTS = re.compile(r"(script-src 'self')")


def policy(*, script: str | None = None) -> str:
    """Return the element that carries the policy; an inline ``script`` is allowed by its hash."""
    directives = dict(_DIRECTIVES)
    if script is not None:
        directives["script-src"] += f" {_source(script)}"
    text = ";".join(f"{name} {sources}" for name, sources in directives.items())
    return f'<meta http-equiv="Content-Security-Policy" content="{text}">'


def with_policy(page: str) -> str:
    """Return ``page`` with the policy before all that it loads.

    It allows one inline script: the one by which the theme chooses the colours before anything is
    painted, since a file would have to arrive first, with what the theme has in the head put before
    it. No other inline script runs.
    """
    head, end, body = page.partition("</head>")
    found = _COLOURS.search(body)
    script = ";\n".join([*_INLINE.findall(head), found[1]]) if found else None
    head = _INLINE.sub("", head).replace(
        '<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy(script=script)}', 1
    )
    if found:
        body = f"{body[: found.start()]}<script>{script}</script>{body[found.end() :]}"
    return head + end + body


def allowing(page: str, script: str) -> str:
    """Return ``page``, whose policy now allows the inline ``script`` too."""
    return _SCRIPTS.sub(lambda found: f"{found[1]} {_source(script)}", page, count=1)


def _source(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

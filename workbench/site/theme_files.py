"""What the theme's own script does that a page of ours must not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_CHANGES: Final = {
    # A page of results would have as many landmarks without a name.
    "the element around the words of a result": (
        re.compile(r'"nav",(\{class:"md-tags"\})'),
        r'"div",\1',
    ),
    # As in files without a server: the index, the heaviest file of a visit, loads on first use.
    "when the search loads its index": (
        re.compile(r'([\w$]+)\(location\.protocol!=="file:"\)(,[\w$]+\("search"\)\))'),
        r"\1(!1)\2",
    ),
    # The words of a search are marked in the page that it led to, and only there.
    "what marks the words of a search": (
        re.compile(
            r"(\(\[)([\w$]+)(,[\w$]+\.pipe\((?:(?!\]\)).){1,60}\.searchParams\.get\(\"h\"\))"
        ),
        r"""\1new URLSearchParams(location.search).has("h")?\2:[]\3""",
    ),
}


class ThemeChanged(Exception):
    """Says in a sentence what the theme no longer has in its place."""


def mend_theme(site: Path) -> None:
    """Change the theme's script where ``site`` has it. Raises ThemeChanged."""
    for bundle in (site / "assets" / "javascripts").glob("bundle.*.min.js"):
        script = bundle.read_text(encoding="utf-8")
        for name, (theirs, ours) in _CHANGES.items():
            script, count = theirs.subn(ours, script)
            if count != 1:
                raise ThemeChanged(f"{bundle.name}: {name} is there {count} times, and not once.")
        bundle.write_text(script, encoding="utf-8")

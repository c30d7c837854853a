"""What the theme's own script does that a page of ours must not."""

from __future__ import annotations

import re
from pathlib import Path

_COPY_BUTTONS = re.compile(r'"nav",(\{class:"md-code__nav"\})')


class ThemeChanged(Exception):
    """Says in a sentence what the theme no longer has in its place."""


def mend_theme(site: Path) -> None:
    """Change the theme's script where ``site`` has it. Raises ThemeChanged.

    It wraps the copy button of each block of code into an element for navigation, without a name.
    A page with twenty blocks then has twenty landmarks, among which nobody finds the real ones.
    """
    for bundle in (site / "assets" / "javascripts").glob("bundle.*.min.js"):
        script, count = _COPY_BUTTONS.subn(r'"div",\1', bundle.read_text(encoding="utf-8"))
        if count != 1:
            raise ThemeChanged(f"{bundle.name}: the element around a copy button is not found.")
        bundle.write_text(script, encoding="utf-8")

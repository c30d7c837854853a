"""The browser that this machine has for tests, measurements and pictures."""

from __future__ import annotations

import os
import shutil
from typing import Final

import click

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")


class NoBrowser(click.ClickException):
    """Says in a sentence that there is no browser to look with, and ends a command with it."""


def browser_program() -> str:
    """Return the path of Chromium: what CHROMIUM names, else one on the PATH. Raises NoBrowser."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        raise NoBrowser("There is no browser: install Chromium, or name its program in CHROMIUM.")
    return found


def sandbox_arguments() -> list[str]:
    """Return what Chromium needs to start: as root it has no sandbox."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--no-sandbox"] if is_root else []

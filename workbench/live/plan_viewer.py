"""The viewer that shows plans as trees: PEV2, in a page of its own for the frame of a lesson."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from workbench.live.compression import content_hash
from workbench.live.javascript import SOURCES, Bundler
from workbench.live.manifest import hashed_name
from workbench.live.packages import Packages
from workbench.live.server_files import UnknownForm

PAGE: Final = SOURCES / "plan" / "plan_viewer.html"
_PROGRAM: Final = "plan_viewer.js"
_WRAPPED = '<pre class="mb-0" style="white-space: pre-wrap;"><code>${%s}</code></pre>'
# PEV2 writes these into its page as HTML. They are text: a filter may hold any literal.
_ESCAPED: Final = {
    "<li>${i}</li>": "<li>${W.escape(i)}</li>",
    "innerHTML: t.planSource": "innerHTML: W.escape(t.planSource)",
    **{
        _WRAPPED % condition: f'<pre class="mb-0"><code>${{W.escape({condition})}}</code></pre>'
        for condition in ("t[p.FILTER]", "t[p.RECHECK_COND]")
    },
}


def make_plan_viewer(folder: Path, work: Path, bundler: Bundler, packages: Packages) -> str:
    """Write the viewer into ``folder`` and return the name of its page; ``work`` is left behind.

    Raises NodeFailed, and UnknownForm for another PEV2 than the one that this was written for.
    """
    package = work / "pev2"
    shutil.copytree(packages.modules / "pev2", package)
    program = package / "dist" / "pev2.es.js"
    program.write_text(escaped(program.read_text(encoding="utf-8")), encoding="utf-8")
    bundled = work / _PROGRAM
    bundler.plan_viewer(bundled, instead=work)
    name = hashed_name(_PROGRAM, content_hash(bundled))
    shutil.move(bundled, folder / name)
    page = work / PAGE.name
    page.write_text(PAGE.read_text(encoding="utf-8").replace(_PROGRAM, name), encoding="utf-8")
    target = folder / hashed_name(PAGE.name, content_hash(page))
    shutil.move(page, target)
    return target.name


def escaped(program: str) -> str:
    """Return PEV2's ``program`` so that it shows values as text. Raises UnknownForm."""
    for before, after in _ESCAPED.items():
        if program.count(before) != 1:
            raise UnknownForm(f"pev2.es.js does not have {before} once.")
        program = program.replace(before, after)
    return program

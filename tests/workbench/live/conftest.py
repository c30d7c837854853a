"""The tab's own Python, importable here: what it overlays keeps its real package."""

from __future__ import annotations

import sys

from workbench.execution.lessons import ROOT

OVERLAY = ROOT / "workbench/live/overlay"
# Last, so that asyncpg, greenlet and IPython stay the real ones; only `tab` is found here.
sys.path.append(str(OVERLAY))

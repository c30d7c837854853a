"""Building what lessons run on beside a server of pages, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from workbench.execution.lessons import ROOT
from workbench.live.build import built_live
from workbench.live.site_files import LiveFiles

COMMAND: Final = (sys.executable, "-m", "workbench", "live", "--no-compress")


class LiveBuild:
    """The files that lessons run on, built again whenever something that they are made of changed.

    ``on_problem`` hears in a sentence why they cannot be built. Leaving the context ends a build
    that is under way.
    """

    sources: Final = tuple(
        ROOT / folder
        for folder in ("application", "snippets", "workbench/live", "workbench/lesson")
    )
    """The folders whose changes call for another build."""

    def __init__(
        self, on_problem: Callable[[str], None], command: Sequence[str | Path] = COMMAND
    ) -> None:
        self._on_problem = on_problem
        self._command = command
        self._latest: LiveFiles | None = None
        self._building: subprocess.Popen[str] | None = None

    def __enter__(self) -> LiveBuild:
        return self

    def __exit__(self, *_: object) -> None:
        building, self._building = self._building, None
        if building and building.poll() is None:
            os.killpg(building.pid, signal.SIGTERM)

    def files(self, then: Callable[[], None]) -> LiveFiles | None:
        """Return the files at once: those of an earlier build, or None, while others are made.

        ``then`` is called when those are there.
        """
        found = built_live(compressed=False)
        if found:
            self._latest = found
        elif self._building is None:
            self._building = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                # A group, so that Node ends with it.
                start_new_session=True,
            )
            threading.Thread(target=self._follow, args=(self._building, then), daemon=True).start()
        return self._latest

    def _follow(self, building: subprocess.Popen[str], then: Callable[[], None]) -> None:
        _, problem = building.communicate()
        if self._building is not building:
            return
        self._building = None
        if building.returncode == 0:
            then()
        else:
            self._on_problem(f"{problem.strip()} The pages have no Run.")

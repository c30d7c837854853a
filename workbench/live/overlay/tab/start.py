"""The start of the Python side of a worker."""

from __future__ import annotations

import asyncio
import os
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import greenlet

from tab import links, zone
from tab.cells import Cells
from tab.loop import LocalLoop, _sleep
from tab.outputs import Output
from tab.place import HOST

if TYPE_CHECKING:
    from tab.asides import Clock
    from tab.backend import Raw

CLEAN = """
do $$ declare gone record; begin
  for gone in select nspname from pg_namespace
              where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', gone.nspname);
  end loop;
  for gone in select rolname from pg_roles where oid >= 16384 loop
    execute format('drop owned by %1$I cascade', gone.rolname);
    execute format('drop role %I', gone.rolname);
  end loop;
end $$;
create schema public; grant usage on schema public to public;
alter database postgres reset all;
select pg_stat_reset();
"""


class Tab:
    """One notebook on the backend of the tab."""

    def __init__(
        self,
        raw: Raw,
        emit: Callable[[Output], None],
        *,
        stacks: greenlet.Stacks | None = None,
        clock: Clock | None = None,
        use_zone: zone.Use,
    ) -> None:
        os.environ["PGSSLMODE"] = "disable"
        self._emit = emit
        self._stacks = stacks
        self._exchange = links.install(raw, clock)
        time.sleep = _sleep
        zone.install(use_zone)
        self.cells = self._fresh()

    def run(self, source: str, name: str = "") -> str:
        """Run one cell and return "ok" or "error"."""
        asyncio._set_running_loop(None)
        return self.cells.run(source, name)

    def reset(self) -> None:
        """Begin anew: an empty namespace, no connections, an empty database."""
        asyncio._set_running_loop(None)
        self.cells.close()
        self._exchange.close()
        self._exchange.backend.rows(CLEAN)
        zone.reset()
        self.cells = self._fresh()

    def _fresh(self) -> Cells:
        loop = LocalLoop(host=HOST, idle=self._exchange.stop_waiting)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncio.set_event_loop(loop)
        greenlet.install(stacks=self._stacks, drive=loop.drive)
        return Cells(loop, self._emit)

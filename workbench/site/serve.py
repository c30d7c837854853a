"""Serve the site on this machine, and build it again when its sources change."""

from __future__ import annotations

import errno
import logging
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer

from workbench.live.background import LiveBuild
from workbench.site.build import SiteNotBuilt, site_faults
from workbench.site.live_page import KEY
from workbench.site.policy import allowing

HOST = "127.0.0.1"
_INJECTED = re.compile(r"<script>((?:(?!<script>).)*)</script>\s*</body>", re.DOTALL)


def serve(
    config_file: Path,
    *,
    port: int = 8000,
    on_ready: Callable[[str], None],
    on_problem: Callable[[str], None] = lambda line: print(line, file=sys.stderr),  # noqa: T201
    live: LiveBuild | None = None,
) -> None:
    """Build the site of ``config_file`` and serve it until Ctrl-C, which ends the call.

    Listens on the loopback address only: on ``port``, or where that is taken on a free port that
    the system chooses. Calls ``on_ready`` once, with one line that names the address. A saved
    change to the documentation, a lesson or the configuration builds the site again and reloads
    open pages; its warnings and faults go to ``on_problem``, one line each, while the last good
    pages stay. Lessons run in their pages on what ``live`` has built; where it has yet to, the
    pages are served without and built again after. Raises SiteNotBuilt where the first build fails.
    """
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="site-") as site_dir:
        server, line = _listening(port, site_dir)
        with closing(server), _interrupting(server):
            _serve(server, config_file, partial(on_ready, line), on_problem, live)


@contextmanager
def _interrupting(server: _Server) -> Iterator[None]:
    """Let Ctrl-C set a flag: the serving loop looks at it four times a second, a build at its end.

    Python prints and drops a KeyboardInterrupt that is raised inside a finalizer, and the run of
    many lessons before this leaves much to finalize. A second Ctrl-C does not wait.
    """

    def interrupt(*_: object) -> None:
        if server.ending:
            raise KeyboardInterrupt
        server.ending = True

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(
    server: _Server,
    config_file: Path,
    on_ready: Callable[[], None],
    on_problem: Callable[[str], None],
    live: LiveBuild | None,
) -> None:
    url = f"http://{HOST}:{server.server_port}/"

    def built() -> MkDocsConfig:
        with site_faults() as warnings:
            config = load_config(str(config_file), site_dir=server.root)
            config.site_url = url
            config.extra[KEY] = live.files(server.want_build) if live else None
            config.plugins.on_startup(command="serve", dirty=False)
            build(config, serve_url=url)
        for warning in warnings:
            on_problem(warning)
        return config

    def rebuild() -> None:
        try:
            built()
        except SiteNotBuilt as faults:
            on_problem(str(faults))

    config = built()
    server.builder = rebuild
    sources = live.sources if live else ()
    for path in {config.docs_dir, str(config_file), *map(str, config.watch), *map(str, sources)}:
        server.watch(path)
    if server.ending:
        return
    on_ready()
    server.serve()  # type: ignore[no-untyped-call]


class _Server(LiveReloadServer):
    """A server that listens from the start, so that the port stays ours during the build."""

    def __init__(self, port: int, root: str) -> None:
        super().__init__(lambda: None, HOST, port, root)
        self.listens = False
        try:
            self.server_bind()
            self.server_activate()
        except OSError:
            self.server_close()
            raise
        self.listens = True
        self.error_handler = self._error_page
        logging.getLogger("mkdocs.livereload").setLevel(logging.ERROR)

    def server_bind(self) -> None:
        if not self.listens:
            super().server_bind()

    @property
    def ending(self) -> bool:
        """Whether the loop that waits for changes is to end at its next look."""
        return bool(self._shutdown)

    @ending.setter
    def ending(self, value: bool) -> None:
        self._shutdown = value

    def want_build(self) -> None:
        """Build the site again, as after a change."""
        with self._rebuild_cond:
            self._want_rebuild = True
            self._rebuild_cond.notify_all()

    def close(self) -> None:
        """Stop listening and watching, whether or not serving ever began."""
        if self.serve_thread.is_alive():
            self.shutdown()
        else:
            self.server_close()

    def _inject_js_into_html(self, content: bytes, epoch: float) -> bytes:
        """Let the policy of a page allow the script that reloads it."""
        page = super()._inject_js_into_html(content, epoch)  # type: ignore[no-untyped-call]
        script = _INJECTED.search(page.decode("utf-8"))
        return allowing(page.decode("utf-8"), script[1]).encode() if script else page

    def _error_page(self, code: int) -> bytes | None:
        page = Path(self.root, f"{code}.html")
        return page.read_bytes() if page.is_file() else None


def _listening(port: int, root: str) -> tuple[_Server, str]:
    try:
        server, taken = _Server(port, root), False
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        server, taken = _Server(0, root), True
    line = f"Serving at http://{HOST}:{server.server_port}/"
    return server, f"{line} (port {port} is taken)" if taken else line

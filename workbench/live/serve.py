"""A server of static files as good hosts are: precompressed, typed, and as slow as one likes.

It tells what it sent, for tests and measurements. ``make serve`` has a server of its own.
"""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

HOST: Final = "127.0.0.1"
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
}
_CHUNK = 16_384


@dataclass
class Sent:
    """One answer: ``size`` counts the bytes of its body that were sent so far."""

    path: str
    status: int
    encoding: str | None
    size: int


@dataclass
class StaticServer:
    """A server at ``url``, which ends in a slash, and all that it ``sent`` so far."""

    url: str
    sent: list[Sent] = field(default_factory=list)

    def total(self) -> int:
        """Return the bytes of all bodies."""
        return sum(each.size for each in self.sent)


@contextmanager
def serving(
    folder: Path,
    *,
    prefix: str = "/",
    encodings: Sequence[str] = tuple(ENCODINGS),
    compressing: bool = False,
    bytes_per_second: float | None = None,
    cache: str = "max-age=600",
) -> Iterator[StaticServer]:
    """Serve ``folder`` below ``prefix`` on a free port of the loopback interface.

    A file is sent in the first of ``encodings`` that the client takes and the folder holds;
    ``compressing`` compresses text that it does not hold, as usual hosts do.
    ``bytes_per_second`` holds for all answers together. ``cache`` is what ``Cache-Control`` says.
    """
    with socket.create_server((HOST, 0)) as listener:
        server = StaticServer(f"http://{HOST}:{listener.getsockname()[1]}{prefix}")
        files = _Files(
            folder.resolve(), server, tuple(encodings), compressing, bytes_per_second, cache
        )
        route = Route(f"{prefix}{{path:path}}", files.answer)
        config = uvicorn.Config(Starlette(routes=[route]), log_level="error", lifespan="off")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not running.started:
                time.sleep(0.005)
            yield server
        finally:
            running.should_exit = running.force_exit = True
            thread.join()


class _Files:
    def __init__(
        self,
        folder: Path,
        server: StaticServer,
        encodings: tuple[str, ...],
        compressing: bool,
        bytes_per_second: float | None,
        cache: str,
    ) -> None:
        self._folder = folder
        self._server = server
        self._encodings = encodings
        self._compressing = compressing
        self._rate = bytes_per_second
        self._cache = cache
        self._free_at = 0.0

    async def answer(self, request: Request) -> Response:
        path = (self._folder / request.path_params["path"]).resolve()
        if path.is_dir() and not request.url.path.endswith("/"):
            return self._empty(request, 301, {"Location": f"{quote(request.url.path)}/"})
        if path.is_dir():
            path /= "index.html"
        if not path.is_file() or not path.is_relative_to(self._folder):
            return self._empty(request, 404, {})
        accepted = _accepted(request)
        encoding, file = self._encoded(path, accepted)
        headers = {
            "Cache-Control": self._cache,
            "Content-Type": _type(path),
            "ETag": f'"{file.stat().st_mtime_ns:x}-{file.stat().st_size:x}{encoding or ""}"',
            "Vary": "Accept-Encoding",
        }
        if headers["ETag"] == request.headers.get("if-none-match"):
            return self._empty(request, 304, headers)
        size, chunks = file.stat().st_size, _chunks(file)
        if encoding is None and "gzip" in accepted and self._compressing and _is_text(path):
            content = _compressed(path, file.stat().st_mtime_ns)
            encoding, size, chunks = "gzip", len(content), iter([content])
        headers["Content-Length"] = str(size)
        if encoding:
            headers["Content-Encoding"] = encoding
        return StreamingResponse(self._body(request, chunks, encoding), headers=headers)

    def _empty(self, request: Request, status: int, headers: dict[str, str]) -> Response:
        self._server.sent.append(Sent(request.url.path, status, None, 0))
        return Response(status_code=status, headers=headers)

    def _encoded(self, path: Path, accepted: set[str]) -> tuple[str | None, Path]:
        for encoding in self._encodings:
            file = path.with_name(path.name + ENCODINGS[encoding])
            if encoding in accepted and file.exists():
                return encoding, file
        return None, path

    async def _body(
        self, request: Request, chunks: Iterator[bytes], encoding: str | None
    ) -> AsyncIterator[bytes]:
        sent = Sent(request.url.path, 200, encoding, 0)
        self._server.sent.append(sent)
        if request.method == "HEAD":
            return
        for chunk in chunks:
            await self._wait_for(len(chunk))
            sent.size += len(chunk)
            yield chunk

    async def _wait_for(self, size: int) -> None:
        """Wait until the line, which all answers share, has carried ``size`` bytes more."""
        if self._rate is None:
            return
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + size / self._rate
        await asyncio.sleep(self._free_at - now)


def _accepted(request: Request) -> set[str]:
    """Return the encodings that the client takes."""
    header = request.headers.get("accept-encoding", "")
    return {part.split(";")[0].strip() for part in header.split(",")}


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            yield chunk


@lru_cache(maxsize=256)
def _compressed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6)


def _is_text(path: Path) -> bool:
    return TYPES.get(path.suffix) not in {None, "application/wasm"}


def _type(path: Path) -> str:
    known = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    if known is None:
        return "application/octet-stream"
    return f"{known}; charset=utf-8" if known.startswith("text/") else known

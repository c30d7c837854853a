"""The static server of tests and measurements."""

from __future__ import annotations

import gzip
import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from workbench.live.serve import Sent, StaticServer, serving

WASM = bytes(range(256)) * 400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "a page").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Home</h1>")
    (site / "a page" / "index.html").write_text("<h1>Page</h1>")
    (site / "module.mjs").write_text("export {}")
    (site / "part.wasm").write_bytes(WASM)
    (site / "part.wasm.br").write_bytes(b"as Brotli")
    (site / "part.wasm.gz").write_bytes(gzip.compress(WASM))
    (tmp_path / "secret").write_text("outside")
    return site


@pytest.fixture
def server(folder: Path) -> Iterator[StaticServer]:
    with serving(folder) as running:
        yield running


def asked(
    url: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=10)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=sent)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


@pytest.mark.parametrize(
    ("accepted", "encoding", "size"),
    [
        ("gzip, deflate, br", "br", 9),
        ("gzip;q=1.0", "gzip", len(gzip.compress(WASM))),
        ("identity", None, len(WASM)),
        ("", None, len(WASM)),
    ],
)
def test_a_client_gets_the_best_form_that_it_takes_and_its_bytes_are_counted(
    server: StaticServer, accepted: str, encoding: str | None, size: int
) -> None:
    status, headers, content = asked(server.url, "/part.wasm", accept_encoding=accepted)
    assert (status, headers.get("content-encoding"), len(content)) == (200, encoding, size)
    assert headers["content-type"] == "application/wasm"
    assert headers["vary"] == "Accept-Encoding"
    assert server.sent == [Sent("/part.wasm", 200, encoding, size)]
    assert server.total() == size


def test_a_form_can_be_left_out(folder: Path) -> None:
    with serving(folder, encodings=["gzip"]) as server:
        _, headers, _ = asked(server.url, "/part.wasm", accept_encoding="br, gzip")
    assert headers["content-encoding"] == "gzip"


def test_modules_and_pages_have_the_types_that_browsers_insist_on(server: StaticServer) -> None:
    assert asked(server.url, "/module.mjs")[1]["content-type"] == "text/javascript; charset=utf-8"
    assert asked(server.url, "/")[1]["content-type"] == "text/html; charset=utf-8"


def test_a_folder_is_its_page_and_nothing_outside_is_served(server: StaticServer) -> None:
    assert asked(server.url, "/a%20page/")[2] == b"<h1>Page</h1>"
    status, headers, _ = asked(server.url, "/a%20page")
    assert (status, headers["location"]) == (301, "/a%20page/")
    for path in ("/gone", "/../secret", "/%2e%2e/secret", "/%2e%2e%2fsecret"):
        assert asked(server.url, path)[0] == 404, path


def test_an_unchanged_file_is_not_sent_again(server: StaticServer) -> None:
    _, headers, _ = asked(server.url, "/module.mjs")
    status, _, content = asked(server.url, "/module.mjs", if_none_match=headers["etag"])
    assert (status, content) == (304, b"")
    assert headers["cache-control"] == "max-age=600"
    assert asked(server.url, "/module.mjs", method="HEAD")[2] == b""
    assert server.total() == len("export {}")


def test_a_site_may_lie_below_a_path(folder: Path) -> None:
    with serving(folder, prefix="/patterns/") as server:
        assert server.url.endswith("/patterns/")
        assert asked(server.url, "/patterns/module.mjs")[0] == 200
        assert asked(server.url, "/module.mjs")[0] == 404


def test_all_answers_share_one_line(folder: Path) -> None:
    with serving(folder, bytes_per_second=200_000) as server, ThreadPoolExecutor(2) as pool:
        started = time.monotonic()
        answers = list(pool.map(lambda _: asked(server.url, "/part.wasm"), range(2)))
        elapsed = time.monotonic() - started
    assert [len(content) for _, _, content in answers] == [len(WASM)] * 2
    assert 0.9 < elapsed / (2 * len(WASM) / 200_000) < 1.6


def test_a_host_that_compresses_sends_text_compressed_and_nothing_else(folder: Path) -> None:
    (folder / "picture.png").write_bytes(b"pixels" * 100)
    with serving(folder, compressing=True) as server:
        status, headers, content = asked(server.url, "/", accept_encoding="gzip, br")
        assert (status, headers["content-encoding"]) == (200, "gzip")
        assert gzip.decompress(content) == b"<h1>Home</h1>"
        assert server.sent[-1] == Sent("/", 200, "gzip", len(content))
        _, headers, _ = asked(server.url, "/part.wasm", accept_encoding="br")
        assert headers["content-encoding"] == "br"
        for path, accepted in (("/", "identity"), ("/picture.png", "gzip")):
            _, headers, _ = asked(server.url, path, accept_encoding=accepted)
            assert "content-encoding" not in headers

import contextlib
import errno
import http.server
import os
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator

import pytest
from real_servers import PASSWORD, holding, wait_until
from sqlalchemy import URL, make_url

from workbench.postgres import Server, ServerUnavailable, administration, check_server, open_server
from workbench.postgres.failures import explain


def refusal(url: URL) -> str:
    """The sentence of the refusal, after a look for passwords in all that a user may see."""
    with pytest.raises(ServerUnavailable) as refused:
        check_server(url)
    shown = "".join(traceback.format_exception(refused.value))
    for secret in (PASSWORD, "wrong-password"):
        assert secret not in shown
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[URL]:
    """Something on a port that is not PostgreSQL; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    answer(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield on_port(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def on_port(port: int) -> URL:
    return URL.create("postgresql+asyncpg", "ann", PASSWORD, "127.0.0.1", port, "postgres")


def test_a_usable_server_gives_its_version(server: Server) -> None:
    assert check_server(server.url) == server.version


def test_the_right_password_is_taken(password_server: URL) -> None:
    assert check_server(password_server)[0] >= 15


def test_a_role_that_may_create_databases_is_enough(password_server: URL) -> None:
    assert check_server(password_server.set(username="creator"))[0] >= 15


def test_a_wrong_password_is_named_but_never_printed(password_server: URL) -> None:
    sentence = refusal(password_server.set(password="wrong-password"))
    assert "refused the password of role postgres" in sentence
    assert f"127.0.0.1:{password_server.port}" in sentence


def test_a_missing_password_is_a_wrong_one(password_server: URL) -> None:
    assert "password of role postgres" in refusal(
        URL.create("postgresql+asyncpg", "postgres", None, "127.0.0.1", password_server.port)
    )


def test_an_unknown_role_is_named(password_server: URL, server: Server) -> None:
    assert "role nobody_here" in refusal(password_server.set(username="nobody_here"))
    assert "no role named nobody_here" in refusal(server.url.set(username="nobody_here"))


def test_an_unknown_database_is_named(password_server: URL) -> None:
    assert "no database named missing" in refusal(password_server.set(database="missing"))


def test_a_role_that_may_not_create_databases_is_told_what_to_run(password_server: URL) -> None:
    sentence = refusal(password_server.set(username="reader"))
    assert "role reader" in sentence
    assert 'ALTER ROLE "reader" CREATEDB' in sentence


def test_a_server_without_a_free_connection_says_so(password_server: URL) -> None:
    assert "no connection left" in refusal(password_server.set(username="crowded"))


def test_a_server_that_wants_tls_says_so(password_server: URL) -> None:
    without = password_server.set(username="stranger", database="postgres")
    assert "no role named stranger" in refusal(without)
    sentence = refusal(password_server.set(username="only_with_tls"))
    assert "only with TLS" in sentence or "does not admit role only_with_tls" in sentence


def test_asking_for_tls_where_there_is_none_says_so(password_server: URL) -> None:
    assert "does not offer TLS" in refusal(password_server.update_query_dict({"ssl": "require"}))


def test_a_parameter_that_cannot_be_used_is_named(password_server: URL) -> None:
    assert "cannot be configured" in refusal(password_server.update_query_dict({"ssl": "perhaps"}))


def test_a_port_where_nothing_listens_says_how_to_start_a_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sentence = refusal(on_port(taken.getsockname()[1]))
    assert "Nothing accepts connections at 127.0.0.1" in sentence
    assert "docker compose up -d --wait" in sentence


def test_a_name_that_cannot_be_resolved_is_named() -> None:
    sentence = refusal(URL.create("postgresql+asyncpg", "ann", PASSWORD, "db.invalid", 5432, "app"))
    assert "db.invalid:5432 cannot be resolved" in sentence


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH])
def test_an_address_without_a_route_is_unreachable(number: int) -> None:
    sentence = explain(OSError(number, os.strerror(number)), on_port(5432))
    assert f"127.0.0.1:5432 cannot be reached ({errno.errorcode[number]})" in sentence
    assert PASSWORD not in sentence


def test_a_host_that_drops_what_it_is_sent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "CONNECT_SECONDS", 0.5)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(2):  # the queue is full then, and further connections are dropped
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        assert "No PostgreSQL server answered" in refusal(on_port(listener.getsockname()[1]))


def test_a_socket_that_does_not_exist_is_named() -> None:
    url = URL.create("postgresql+asyncpg", "ann", database="app", query={"host": "/nowhere"})
    assert "There is no PostgreSQL at the socket in /nowhere" in refusal(url)


def test_a_silent_port_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "CONNECT_SECONDS", 0.5)
    with listening(lambda connection: time.sleep(3)) as url:
        started = time.monotonic()
        assert "within" in refusal(url)
        assert time.monotonic() - started < 2.5


def test_the_limit_is_ten_seconds() -> None:
    assert administration.CONNECT_SECONDS == 10


def test_a_web_server_at_the_port_is_not_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(administration, "CONNECT_SECONDS", 0.5)
    with (
        http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as web,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(http.server.BaseHTTPRequestHandler, "log_message", lambda *_: None)
        threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        sentence = refusal(on_port(web.server_port))
        web.shutdown()
    assert "No PostgreSQL server answered" in sentence


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"R\x00\x00\x00\x00",
        b"\x00" * 64,
    ],
)
def test_a_port_with_another_protocol_is_not_postgresql(answer: bytes) -> None:
    with listening(lambda connection: connection.sendall(answer)) as url:
        assert "does not speak PostgreSQL's protocol" in refusal(url)


def test_a_server_older_than_15_is_refused_with_both_versions() -> None:
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    def version_14(connection: socket.socket) -> None:
        while True:
            (size,) = struct.unpack("!i", connection.recv(4))
            if struct.unpack("!i", connection.recv(size - 4)[:4]) != (80877103,):
                break
            connection.sendall(b"N")
        connection.sendall(
            message(b"R", struct.pack("!i", 0))
            + message(b"S", b"server_version\x0014.19 (Debian 14.19-1)\x00")
            + message(b"S", b"client_encoding\x00UTF8\x00")
            + message(b"K", struct.pack("!ii", 1, 1))
            + message(b"Z", b"I")
        )
        connection.recv(100)

    with listening(version_14) as url:
        sentence = refusal(url)
    assert "PostgreSQL 14.19" in sentence
    assert "15 or later" in sentence


def test_a_server_that_is_shutting_down_asks_to_try_again() -> None:
    with holding() as holder:
        url = make_url(holder.url)
        with holding(KEEP_CONNECTED, URL_TO_USE=holder.url):
            os.kill(holder.server.pid, signal.SIGTERM)
            wait_until(lambda: "starting, stopping or recovering" in refusal(url))
        holder.leave()


KEEP_CONNECTED = """
import os, sys
from sqlalchemy import make_url
from workbench.postgres.administration import administer
async def stay(connection):
    print("connected", flush=True)
    sys.stdin.readline()
administer(make_url(os.environ["URL_TO_USE"]), stay)
"""


def test_a_malformed_address_ends_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ann:{PASSWORD}@127.0.0.1:port/app")
    with pytest.raises(ServerUnavailable, match="not a number") as refused, open_server():
        pass
    assert PASSWORD not in str(refused.value)


def test_an_address_in_the_environment_is_used_and_described(
    password_server: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", password_server.render_as_string(hide_password=False))
    with open_server() as server:
        assert server.origin == "DATABASE_URL"
        assert server.url == password_server
        assert f"at 127.0.0.1:{password_server.port}" in server.describe()
        assert PASSWORD not in server.describe()

"""A blocking connection to a real server that stands in for the backend of the tab."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import URL, make_url
from tab.wire import message

from workbench.postgres.address import connect_arguments

_COPY_ENDS = {b"c", b"f"}


def connect_raw(url: URL | str) -> Callable[[bytes], bytes]:
    """Return a function that sends whole frontend messages and returns what they caused.

    The startup message of the tab is replaced by one for ``url``, with its password if need be.
    """
    return _Socket(make_url(url) if isinstance(url, str) else url).exchange


class _Socket:
    def __init__(self, url: URL) -> None:
        self._arguments = connect_arguments(url)
        self._socket = _connect(self._arguments)
        self._buffer = bytearray()

    def exchange(self, stream: bytes) -> bytes:
        """Send ``stream``, read until the server waits for the next message."""
        if stream[4:8] == (3 << 16).to_bytes(4, "big"):
            return b"".join(self._start())
        self._socket.sendall(stream)
        kinds = [kind for kind, _ in _whole(stream)]
        answers = []
        for kind, whole in self._answers():
            answers.append(whole)
            if kind == b"Z" or (kind == b"G" and _COPY_ENDS.isdisjoint(kinds)):
                break
        return b"".join(answers)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _answers(self) -> Iterator[tuple[bytes, bytes]]:
        while True:
            whole = self._read(5)
            whole += self._read(int.from_bytes(whole[1:5], "big") - 4)
            yield whole[:1], whole

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            received = self._socket.recv(65536)
            if not received:
                raise ConnectionError("the server has closed the connection")
            self._buffer += received
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _start(self) -> Iterator[bytes]:
        user, database = self._arguments["user"], self._arguments["database"]
        body = (3 << 16).to_bytes(4, "big") + f"user\0{user}\0database\0{database}\0\0".encode()
        self._socket.sendall((len(body) + 4).to_bytes(4, "big") + body)
        scram = _Scram(str(self._arguments.get("password") or ""))
        for kind, whole in self._answers():
            yield whole
            if kind == b"E":
                raise ConnectionError(whole[5:].decode().replace("\0", " "))
            if kind == b"R" and (reply := scram.reply(whole[5:])):
                self._socket.sendall(message(b"p", reply))
            if kind == b"Z":
                return


def _connect(arguments: dict[str, Any]) -> socket.socket:
    host, port = str(arguments.get("host") or "localhost"), int(arguments.get("port") or 5432)
    if host.startswith("/"):
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(f"{host}/.s.PGSQL.{port}")
        return connected
    return socket.create_connection((host, port))


def _whole(stream: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(stream):
        end = at + 1 + int.from_bytes(stream[at + 1 : at + 5], "big")
        yield stream[at : at + 1], stream[at:end]
        at = end


class _Scram:
    """Answers a server that asks for a password, in the clear or as SCRAM-SHA-256."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._first = "n=,r=" + secrets.token_urlsafe(18)

    def reply(self, asked: bytes) -> bytes:
        """Return the answer to an authentication request, or nothing where none is wanted."""
        match int.from_bytes(asked[:4], "big"):
            case 3:
                return self._password + b"\0"
            case 10:
                first = f"n,,{self._first}".encode()
                return b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first
            case 11:
                return self._proof(asked[4:].decode())
        return b""

    def _proof(self, challenge: str) -> bytes:
        parts = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(
            "sha256", self._password, base64.b64decode(parts["s"]), int(parts["i"])
        )
        client = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={parts['r']}"
        signed = f"{self._first},{challenge},{final}".encode()
        signature = hmac.digest(hashlib.sha256(client).digest(), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        return f"{final},p={base64.b64encode(proof).decode()}".encode()

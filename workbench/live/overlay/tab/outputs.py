"""What the cell that runs shows, as the notebook format has it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from typing import Any

from IPython.lib.pretty import pretty

MOST_CHARACTERS = 100_000
MOST_OUTPUTS = 1_000
# Prints wait for each other, but a reader does not wait for a slow loop.
MOST_PRINTS = 200
FLUSH_AFTER = 0.1  # seconds
REPRESENTATIONS = {
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
}

type Output = dict[str, Any]


class Outputs:
    """Sends outputs to ``emit``, up to a limit for each cell."""

    def __init__(self, emit: Callable[[Output], None]) -> None:
        self._emit = emit
        self.begin()

    def begin(self) -> None:
        """Begin a cell: nothing is printed or counted yet."""
        self._printed: list[str] = []
        self._stream = "stdout"
        self._characters = 0
        self._outputs = 0
        self._cut = False
        self._sent = time.monotonic()

    def write(self, stream: str, text: str) -> None:
        """Print ``text``; it is sent with what follows it."""
        if self._cut or not text:
            return
        if stream != self._stream:
            self.flush()
            self._stream = stream
        room = MOST_CHARACTERS - self._characters
        self._characters += len(text)
        self._printed.append(text[:room])
        if len(text) > room:
            self._stop()
        elif len(self._printed) > MOST_PRINTS or (
            text.endswith("\n") and time.monotonic() - self._sent > FLUSH_AFTER
        ):
            self.flush()

    def send(self, output: Output) -> None:
        """Send one output that is no print."""
        if self._cut:
            return
        self.flush()
        self._count(sum(len(str(value)) for value in output.get("data", {}).values()))
        if not self._cut:
            self._emit(output)

    def fail(self, output: Output) -> None:
        """Send the error that ended the cell, whatever the cell has shown before."""
        self.flush()
        self._emit(output)

    def flush(self) -> None:
        """Send what was printed."""
        if self._printed:
            text, self._printed = "".join(self._printed), []
            self._emit({"output_type": "stream", "name": self._stream, "text": text})
        self._sent = time.monotonic()

    def _count(self, characters: int) -> None:
        self._characters += characters
        self._outputs += 1
        if self._characters > MOST_CHARACTERS or self._outputs > MOST_OUTPUTS:
            self._stop()

    def _stop(self) -> None:
        self._cut = True
        self.flush()
        limits = f"{MOST_CHARACTERS:,} characters in {MOST_OUTPUTS:,} pieces"
        text = f"\n… cut: a cell shows at most {limits}.\n"
        self._emit({"output_type": "stream", "name": "stderr", "text": text})


class Stream(io.TextIOBase):
    """A standard stream of the cell that runs."""

    encoding = "utf-8"

    def __init__(self, name: str) -> None:
        self._name = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if _current is not None:
            _current.write(self._name, text)
        return len(text)


_current: Outputs | None = None


def install(outputs: Outputs) -> None:
    """Send what is shown and printed to ``outputs``."""
    global _current
    _current = outputs


def show(shown: Any) -> None:
    """Show ``shown`` as ``display()`` does."""
    if _current is not None:
        data, metadata = formats(shown)
        _current.send({"output_type": "display_data", "data": data, "metadata": metadata})


def formats(shown: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return every form that ``shown`` has, by MIME type, and what is known about each."""
    data: dict[str, Any] = {"text/plain": pretty(shown)}  # type: ignore[no-untyped-call]
    metadata: dict[str, Any] = {}
    if isinstance(shown, type):
        return data, metadata
    if hasattr(shown, "_repr_mimebundle_"):
        found = shown._repr_mimebundle_()
        more, about = found if isinstance(found, tuple) else (found, {})
        data |= more
        metadata |= about
    for mime, method in REPRESENTATIONS.items():
        form = getattr(shown, method, None)
        if mime not in data and form is not None and (value := form()) is not None:
            value, about = value if isinstance(value, tuple) else (value, {})
            data[mime] = value
            if isinstance(about, Mapping) and about:
                metadata[mime] = dict(about)
    return data, metadata

"""A picture that carries its own colours, its text alternative and the data in it as words."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workbench.markdown import MimeBundle

WIDTH: Final = 320
"""Units of every picture's width: a phone of 360 pixels shows one unit as one pixel or more."""

_CHARACTER = 7.3  # units, on average in the widest of the usual fonts, at the size below
_SCALE = 1.25
_MARGIN = 4
_STYLE = (
    ".figure{color:#333;background:#fff;font:12px system-ui,sans-serif}"
    ".figure text{fill:currentColor;stroke:#fff;stroke-width:3px;paint-order:stroke}"
    ".figure path,.figure rect{fill:none;stroke:currentColor;stroke-width:2}"
    ".figure .rule{stroke-width:1;stroke-opacity:.25}"
    ".figure .mark{fill:currentColor;stroke:none}"
)
_DARK = ".figure{color:#e0e2ea;background:#1e2129}.figure text{stroke:#1e2129}"
_SERIES = (
    ("#b3261e", "#ff9d94", {"rect": "6 3"}),
    ("#1a5fa8", "#8ab8ec", {"path": "6 3"}),
    ("#1d6b3a", "#8fd0a5", {"path": "2 3", "rect": "2 3"}),
    ("#6b3fa0", "#c9a9f2", {"path": "9 3 2 3", "rect": "9 3 2 3"}),
)

SERIES: Final = len(_SERIES)
"""How many colours there are, each with a dash of its own."""


@dataclass(frozen=True)
class Figure:
    """A picture: ``body`` is SVG, 320 units wide and ``height`` high, below the title.

    ``title`` says what is measured and ``description`` states what is seen, with every figure.
    """

    title: str
    description: str
    body: str
    height: int

    def __str__(self) -> str:
        return f"{self.title}. {self.description}"

    def __repr__(self) -> str:
        return str(self)

    def svg(self) -> str:
        """Return the picture as one SVG element, the same for the same data."""
        across, down = WIDTH + 2 * _MARGIN, self.height + 2 * _MARGIN
        size = f'width="{across * _SCALE:.0f}" height="{down * _SCALE:.0f}"'
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" role="img" {size} '
            f'viewBox="{-_MARGIN} {-_MARGIN} {across} {down}">'
            f"<title>{escaped(self.title)}</title><desc>{escaped(self.description)}</desc>"
            f"<style>{_style(self.body)}</style>"
            f"{label(self.title, 0, 12, more=' font-weight="700"')}{self.body}</svg>"
        )
        # Those of texts are escaped. A single quote stays as it is in an address and in JSON.
        return svg.replace('"', "'")

    def _repr_mimebundle_(self, **_: object) -> MimeBundle:
        return {"image/svg+xml": self.svg(), "text/plain": str(self)}, {}


def _style(body: str) -> str:
    """Return the rules for what ``body`` has."""
    light, dark = _STYLE, _DARK
    for index, (colour, on_dark, dashes) in enumerate(_SERIES):
        if f'"s{index}"' in body:
            light += f".s{index}{{color:{colour}}}"
            dark += f".s{index}{{color:{on_dark}}}"
            for shape, dash in dashes.items():
                if f"<{shape} " in body:
                    light += f".s{index} {shape}{{stroke-dasharray:{dash}}}"
    return f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def escaped(text: object) -> str:
    """Return ``text`` as the content of an element, on one line."""
    return html.escape(" ".join(str(text).split()))


def label(text: object, x: float, y: float, *, anchor: str = "start", more: str = "") -> str:
    """Return ``text`` set at ``x``, ``y``, in whole units; ``more`` is further attributes."""
    if anchor != "start":
        more += f' text-anchor="{anchor}"'
    return f'<text x="{x:.0f}" y="{y:.0f}"{more}>{escaped(text)}</text>'


def width(text: object) -> float:
    """Return about how many units ``text`` takes; no font is asked."""
    return len(str(text)) * _CHARACTER


def number(value: float) -> str:
    """Return ``value`` as a reader counts: thousands apart, at most two decimals."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def sentence(parts: Iterable[str]) -> str:
    """Return ``parts`` as one sentence of a description."""
    return "; ".join(parts) + "."

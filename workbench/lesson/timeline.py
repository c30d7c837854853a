"""Who was in which state at each of a few moments, as bars over the order of the moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from workbench.lesson.figure import SERIES, WIDTH, Figure, label, sentence, width

_LINE, _ROW, _TOP = 16, 26, 18
_COLOURS = (1, 0, 2, 3)


def timeline(title: str, moments: Mapping[str, Mapping[str, str]]) -> Figure:
    """Return a row for everyone in ``moments``: what happened, and the state of each after it.

    Whoever is missing at a moment is in no state there. Equal states that follow one another are
    one bar. Raises ValueError for no moments and for more than four different states.
    """
    lanes = list(dict.fromkeys(lane for states in moments.values() for lane in states))
    states = list(dict.fromkeys(state for at in moments.values() for state in at.values()))
    if not lanes or len(states) > SERIES:
        raise ValueError(f"a timeline has moments, and one to {SERIES} different states")
    left = max(width(lane) for lane in lanes) + 8
    column = (WIDTH - left) / len(moments)
    top = _TOP + _LINE * len(moments) + 6
    height = top + _ROW * len(lanes)
    parts = [
        f'<path class="rule" d="M{left + n * column:.0f} {_TOP + n * _LINE}V{height}"/>'
        for n in range(len(moments))
    ]
    for n, moment in enumerate(moments):
        x, y = left + n * column, _TOP + (n + 1) * _LINE - 3
        long = width(moment)
        if x + 4 + long > WIDTH:
            x = x - 8 - long if x - 8 - long >= 0 else max(-4, WIDTH - 4 - long)
        parts.append(label(moment, x + 4, y))
    for row, lane in enumerate(lanes):
        y = top + row * _ROW
        parts.append(label(lane, 0, y + 15))
        for start, length, state in _runs([at.get(lane, "") for at in moments.values()]):
            x, long = left + start * column + 1, length * column - 2
            colour = _COLOURS[states.index(state)]
            parts.append(
                f'<g class="s{colour}"><rect x="{x:.0f}" y="{y}" width="{long:.0f}" '
                f'height="22"/>{label(state, x + 6, y + 15)}</g>'
            )
    described = sentence(
        f"{moment}: {', '.join(f'{lane} {state}' for lane, state in at.items()) or 'nothing'}"
        for moment, at in moments.items()
    )
    return Figure(title, described, "".join(parts), height)


def _runs(states: list[str]) -> Iterator[tuple[int, int, str]]:
    """Give start, length and state of each run of equal states, without those of no state."""
    start = 0
    for state, run in groupby(states):
        length = len(list(run))
        if state:
            yield start, length, state
        start += length

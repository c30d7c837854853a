"""Bars from zero, each under its name and with its value at the end."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.lesson.figure import WIDTH, Figure, label, number, sentence, width

_ROW, _TOP = 36, 22


def bar_chart(title: str, values: Mapping[str, float]) -> Figure:
    """Return a bar for each of ``values``, in their order; ``title`` says what they measure.

    Raises ValueError for no values and for one below 0.
    """
    if not values or min(values.values()) < 0:
        raise ValueError("bars need values, each of them 0 or more")
    room = WIDTH - 8 - max(width(number(value)) for value in values.values())
    most = max(values.values()) or 1
    rows = []
    for index, (name, value) in enumerate(values.items()):
        y, length = _TOP + index * _ROW, value / most * room
        rows.append(
            f'{label(name, 0, y + 13)}<rect class="mark" y="{y + 18}" width="{length:.0f}" '
            f'height="12"/>{label(number(value), length + 5, y + 28)}'
        )
    described = sentence(f"{name}: {number(value)}" for name, value in values.items())
    body = f'<g class="s1">{"".join(rows)}</g>'
    return Figure(title, described, body, _TOP + len(values) * _ROW)

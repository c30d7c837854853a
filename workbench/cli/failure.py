"""Failures that end a command with one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click


class Failure(Exception):
    """Its text is what the user reads."""


def reported(text: str) -> None:
    """Print ``text`` on standard error."""
    click.echo(text, err=True)


@contextmanager
def failures_of(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of ``kinds``, whose text is already a sentence for the user, into Failure."""
    try:
        yield
    except kinds as error:
        raise Failure(str(error)) from None

"""What ends a command with one sentence."""

from __future__ import annotations


class Refused(Exception):
    """The command cannot do what was asked, and wrote nothing; the message is one sentence."""

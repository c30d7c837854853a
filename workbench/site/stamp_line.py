"""What a page says of the execution that its outputs were compared with."""

from __future__ import annotations

import html

from workbench.execution.stamp import Stamp

SHORT_COMMIT = 7
STAMP = "stamp"
"""Where the metadata of a page holds the stamp of its lesson, if it has one."""


def stamp_html(stamp: Stamp, *, repository: str) -> str:
    """Return the line under the title; the commit links into ``repository``, an address."""
    day = stamp.at.partition("T")[0]
    when = f'<time datetime="{html.escape(stamp.at)}">{html.escape(day)}</time>'
    commit = ""
    if stamp.commit:
        address = html.escape(f"{repository.rstrip('/')}/commit/{stamp.commit}")
        commit = f', <a href="{address}">commit {html.escape(stamp.commit[:SHORT_COMMIT])}</a>'
    said = html.escape(f"Executed on {versions(stamp)}")
    return f'<span class="executed">{said} on {when}, outputs as shown{commit}</span>'


def stamp_text(stamp: Stamp) -> str:
    """Return the same as text, without the link."""
    day = stamp.at.partition("T")[0]
    return f"Executed on {versions(stamp)} on {day}, outputs as shown"


def versions(stamp: Stamp) -> str:
    """Return the programs that ``stamp`` names, with their versions."""
    return f"PostgreSQL {stamp.postgresql}, SQLAlchemy {stamp.sqlalchemy}, Python {stamp.python}"

"""What a lesson imports: a database of its own, and evidence of what was sent to it."""

from typing import TYPE_CHECKING, Any

from workbench.lesson.bar_chart import bar_chart
from workbench.lesson.database import database_url
from workbench.lesson.expected_error import expect
from workbench.lesson.line_chart import line_chart
from workbench.lesson.plan import Plan, explain
from workbench.lesson.recording import Recording, Statement, record
from workbench.lesson.serving import served
from workbench.lesson.table import tabulate
from workbench.lesson.timeline import timeline

if TYPE_CHECKING:
    from workbench.lesson.migrations import Migrations, Revision

__all__ = [
    "Migrations",
    "Plan",
    "Recording",
    "Revision",
    "Statement",
    "bar_chart",
    "database_url",
    "expect",
    "explain",
    "line_chart",
    "record",
    "served",
    "tabulate",
    "timeline",
]


def __getattr__(name: str) -> Any:
    """Import Alembic for the lessons that use it only."""
    if name not in {"Migrations", "Revision"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from workbench.lesson import migrations  # noqa: PLC0415

    return getattr(migrations, name)

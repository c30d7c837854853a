"""What a lesson imports: a database of its own, and evidence of what was sent to it."""

from workbench.lesson.database import database_url
from workbench.lesson.expected_error import expect
from workbench.lesson.plan import Plan, explain
from workbench.lesson.recording import Recording, Statement, record
from workbench.lesson.table import tabulate

__all__ = [
    "Plan",
    "Recording",
    "Statement",
    "database_url",
    "expect",
    "explain",
    "record",
    "tabulate",
]

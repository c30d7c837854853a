"""Stamp updated_at in the tables, whoever writes

The statements are those of snippets.models.touch_trigger as they were on the day of this revision.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "touch_updated_at"
down_revision: str | None = "create_tables"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    "app_user",
    "board_column",
    "document",
    "project",
    "task",
    "task_board",
    "task_comment",
)


def upgrade() -> None:
    op.execute("""\
CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$""")
    for table in TABLES:
        op.execute(f"""\
CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {table}
FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION touch_updated_at()""")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER touch_updated_at ON {table}")
    op.execute("DROP FUNCTION touch_updated_at()")

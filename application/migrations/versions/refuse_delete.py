"""Refuse DELETE where rows are hidden instead

The statements are those of snippets.models.refuse_delete as they were on the day of this revision.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "refuse_delete"
down_revision: str | None = "touch_updated_at"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("project", "task")


def upgrade() -> None:
    op.execute("""\
CREATE OR REPLACE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are not deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', HINT = 'Set deleted_at instead.';
END $$""")
    for table in TABLES:
        op.execute(f"""\
CREATE OR REPLACE TRIGGER refuse_delete BEFORE DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT WHEN (current_setting('soft_delete.purge', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION refuse_delete()""")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER refuse_delete ON {table}")
    op.execute("DROP FUNCTION refuse_delete()")

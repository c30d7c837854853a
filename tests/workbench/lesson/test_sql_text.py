"""SQL is set for reading without changing what it says."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.lesson.sql_text import WIDTH, comment, shortened


def test_long_rows_of_values_are_counted() -> None:
    sql = "INSERT INTO t (a) VALUES ($1), " + ", ".join(f"(${n})" for n in range(2, 101))
    assert shortened(sql) == "INSERT INTO t (a) VALUES ($1), … 99 more rows"


def test_long_runs_of_placeholders_are_folded() -> None:
    placeholders = ", ".join(f"${n}::UUID" for n in range(1, 501))
    assert shortened(f"SELECT 1 WHERE a IN ({placeholders})") == (
        "SELECT 1 WHERE a IN ($1::UUID, …, $500::UUID)"
    )


def test_short_runs_stay_whole() -> None:
    sql = "SELECT 1 WHERE a IN ($1, $2, $3, $4)"
    assert shortened(sql) == sql


def test_a_literal_is_never_broken() -> None:
    literal = "'" + "word " * 40 + "'"
    assert literal in shortened(f"SELECT {literal} AS a, {literal} AS b")


@given(st.text(alphabet="ab ,()'\"", max_size=300))
def test_breaking_lines_changes_only_the_space_between_words(sql: str) -> None:
    assert "".join(shortened(sql).split()) == "".join(sql.split())


def test_lines_that_can_be_broken_keep_the_width() -> None:
    columns = ", ".join(f"column_{number}" for number in range(40))
    assert max(map(len, shortened(f"SELECT {columns} FROM t").splitlines())) <= WIDTH


def test_each_line_of_a_long_comment_is_a_comment() -> None:
    lines = comment("word " * 60).splitlines()
    assert len(lines) > 1
    assert all(line.startswith("--") for line in lines)

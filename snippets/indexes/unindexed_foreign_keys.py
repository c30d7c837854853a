"""Find the foreign keys whose referencing columns no index serves.

Buys: a test after the migrations, or a look at a living database, that names each foreign key
for which deleting a parent row, or changing its key, reads the whole referencing table.
Needs: nothing but the right to connect: the catalog is readable to all.
Limits: it judges what PostgreSQL can use, not whether you need it: a parent that is never
deleted, or a table of one page, needs no index. An index serves if its first columns are those
of the key, in any order, or if it is unique on some of them. Invalid indexes do not serve, and
partial ones only with the condition that one of these columns IS NOT NULL. B-tree and hash
indexes count; skip scans (PostgreSQL 18) and BRIN do not. Partitions are judged one by one;
temporary tables and keys that are NOT ENFORCED (18) are left out.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

_QUERY = text("""
SELECT fk.conrelid::regclass::text AS table, fk.columns, fk.conname AS constraint,
       fk.confrelid::regclass::text AS parent, nullif(fk.reltuples, -1)::bigint AS rows,
       format('CREATE INDEX CONCURRENTLY ON %s (%s)', fk.conrelid::regclass,
              (SELECT string_agg(quote_ident(c), ', ') FROM unnest(fk.columns) AS c)) AS remedy
FROM (
    SELECT DISTINCT ON (conrelid, conkey) con.*, reltuples, cardinality(conkey) AS width,
           ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS key (attnum, place)
                 JOIN pg_attribute USING (attnum)
                 WHERE attrelid = conrelid ORDER BY place) AS columns
    FROM pg_constraint AS con JOIN pg_class AS child ON child.oid = conrelid
    WHERE contype = 'f' AND relkind = 'r' AND relpersistence <> 't'
      AND to_jsonb(con) ->> 'conenforced' IS DISTINCT FROM 'false'
    ORDER BY conrelid, conkey, conparentid
) AS fk
WHERE NOT EXISTS (
    SELECT FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
    JOIN pg_am AS method ON method.oid = relam,
    LATERAL (SELECT (indkey::int2[])[0:least(indnkeyatts, width) - 1] AS columns) AS first
    WHERE indrelid = conrelid AND indisvalid AND amname IN ('btree', 'hash')
      AND (conkey <@ first.columns OR indisunique AND first.columns <@ conkey)
      AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) IN (
           SELECT format('(%I IS NOT NULL)', name) FROM unnest(fk.columns) AS name))
      AND NOT EXISTS (
          SELECT FROM unnest(first.columns, indcollation::oid[]) AS key (attnum, collid)
          JOIN pg_attribute AS a ON a.attrelid = indrelid AND a.attnum = key.attnum
          WHERE a.attcollation <> key.collid))
ORDER BY 1, 2
""")


@dataclass(frozen=True, kw_only=True)
class UnindexedForeignKey:
    """A foreign key without an index; ``rows`` is the planner's estimate for ``table``.

    ``rows`` is None where nothing has counted them; ``remedy`` is a statement that makes an
    index, to be run outside of a transaction.
    """

    table: str
    columns: tuple[str, ...]
    constraint: str
    parent: str
    rows: int | None
    remedy: str


async def unindexed_foreign_keys(
    connection: AsyncConnection | AsyncSession,
) -> list[UnindexedForeignKey]:
    """Return the foreign keys of this database that no index serves, by table and columns.

    One statement, over the catalog alone. Names are quoted, and carry their schema where it is
    not on the search path. Several constraints on the same columns count once.
    """
    found = (await connection.execute(_QUERY)).mappings()
    return [UnindexedForeignKey(**{**row, "columns": tuple(row["columns"])}) for row in found]

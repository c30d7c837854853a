"""Find the indexes that another index makes needless.

Buys: a test after the migrations that names duplicates and shorter beginnings of longer
indexes; writers keep one index less for each that goes.
Needs: nothing but the right to connect: the catalog is readable to all.
Limits: valid B-tree indexes only. The other index must begin with the same columns or
expressions in the same direction, operator class and collation, hold the included columns, and
have the same predicate. An index of a constraint or of the replica identity is never named, a
unique index only where an equal unique one exists. The longer index is larger and changes more
often: measure where one index carries most of the reads.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

_QUERY = text("""
WITH described AS (
    SELECT pg_index.*, pg_get_expr(indpred, indrelid) AS predicate,
           indisreplident OR EXISTS (
               SELECT FROM pg_constraint WHERE conindid = indexrelid) AS pinned,
           ARRAY(SELECT format('%s %s %s %s', pg_get_indexdef(indexrelid, n, true),
                               indclass[n - 1], indcollation[n - 1], indoption[n - 1])
                 FROM generate_series(1, indnkeyatts) AS n) AS keys,
           ARRAY(SELECT pg_get_indexdef(indexrelid, n, true)
                 FROM generate_series(1, indnatts) AS n) AS held
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'btree' AND relkind = 'i' AND NOT relispartition AND indisvalid
      AND relpersistence <> 't' AND relnamespace <> ALL (
          ARRAY['pg_catalog', 'pg_toast', 'information_schema']::regnamespace[])
)
SELECT DISTINCT ON (1, 2) a.indrelid::regclass::text AS table,
       a.indexrelid::regclass::text AS index, b.indexrelid::regclass::text AS covered_by,
       pg_relation_size(a.indexrelid) AS bytes
FROM described AS a JOIN described AS b USING (indrelid)
WHERE a.indexrelid <> b.indexrelid AND NOT a.pinned
  AND a.keys = b.keys[1:a.indnkeyatts] AND a.held <@ b.held
  AND a.predicate IS NOT DISTINCT FROM b.predicate
  AND (NOT a.indisunique OR b.indisunique AND b.indimmediate AND a.keys = b.keys
       AND b.indnullsnotdistinct >= a.indnullsnotdistinct)
  AND NOT (NOT b.pinned AND a.keys = b.keys AND a.held @> b.held AND b.indexrelid > a.indexrelid
           AND a.indisunique >= b.indisunique
           AND a.indnullsnotdistinct >= b.indnullsnotdistinct)
ORDER BY 1, 2, b.pinned DESC, 3
""")


@dataclass(frozen=True, kw_only=True)
class RedundantIndex:
    """An index whose work ``covered_by`` can do; ``bytes`` is its size."""

    table: str
    index: str
    covered_by: str
    bytes: int


async def redundant_indexes(connection: AsyncConnection | AsyncSession) -> list[RedundantIndex]:
    """Return the indexes of this database that another index covers, by table and name.

    One statement. Of equal indexes one stays: that of a constraint, else a unique one, else the
    oldest. Names are quoted, and carry their schema where it is not on the search path.
    """
    return [RedundantIndex(**row) for row in (await connection.execute(_QUERY)).mappings()]

"""Find the indexes that writers keep and no query has read.

Buys: a list, largest first, of the indexes that only cost: bytes on disk, and an entry for each
row that was inserted or moved.
Needs: counters that have seen the real traffic, each kind of job included, on the primary and
on every replica that answers queries: each server counts its own reads.
Limits: ``idx_scan`` starts again after a reset, a crash or a failover, and does not count the
checks of a unique index, so unique and exclusion indexes are left out, as are the indexes of
partitions. A planner that looks up the end of an index counts as a
reader. An index that serves a foreign key is read when a parent row goes, perhaps once a year:
ask ``unindexed_foreign_keys`` before you drop one.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

_QUERY = text("""
SELECT relid::regclass::text AS table, indexrelid::regclass::text AS index,
       pg_relation_size(indexrelid) AS bytes,
       seq_scan + coalesce(t.idx_scan, 0) AS table_scans,
       n_tup_ins + n_tup_upd - n_tup_hot_upd AS entries
FROM pg_stat_user_indexes AS i
JOIN pg_stat_user_tables AS t USING (relid)
JOIN pg_index USING (indexrelid)
JOIN pg_class ON pg_class.oid = indexrelid
WHERE i.idx_scan = 0 AND seq_scan + coalesce(t.idx_scan, 0) >= :scans
  AND NOT (indisunique OR indisexclusion OR relispartition)
  AND relpersistence <> 't'
ORDER BY bytes DESC, 1, 2
""")


@dataclass(frozen=True, kw_only=True)
class UnreadIndex:
    """An index without a reader, as far as the counters of this server go back.

    ``table_scans`` is how often its table was read in other ways; ``entries`` is how many rows
    of the table wanted a new entry: inserts, and updates that were not heap-only.
    """

    table: str
    index: str
    bytes: int
    table_scans: int
    entries: int


async def unread_indexes(
    connection: AsyncConnection | AsyncSession, *, scans: int
) -> list[UnreadIndex]:
    """Return the indexes of this database that no scan has used, the largest first.

    ``scans`` is how often a table must have been read for its indexes to be judged: choose
    it so that it stands for days of traffic. One statement. Names are quoted, and carry their
    schema where it is not on the search path. Raises ValueError for ``scans`` below 1.
    """
    if scans < 1:
        raise ValueError(f"a table that nobody reads says nothing: scans is 1 or more, not {scans}")
    found = (await connection.execute(_QUERY, {"scans": scans})).mappings()
    return [UnreadIndex(**row) for row in found]

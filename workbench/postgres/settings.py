"""The settings that make plans and outputs the same on every server."""

from workbench.postgres.administration import Connection

SETTINGS = {
    # Plans.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "random_page_cost": "4",
    "seq_page_cost": "1",
    "effective_cache_size": "4GB",
    "work_mem": "4MB",
    "hash_mem_multiplier": "2",
    "default_statistics_target": "100",
    "plan_cache_mode": "auto",
    "cursor_tuple_fraction": "0.1",
    # A second scan of a large table would otherwise start where the first one is.
    "synchronize_seqscans": "off",
    # Values as text.
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "lc_numeric": "C",
    "lc_time": "C",
    "default_text_search_config": "pg_catalog.english",
    # What statements mean and do.
    "search_path": '"$user", public',
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "row_security": "on",
    "client_min_messages": "notice",
    # Off leaves hint bits unset for a while after a commit: VACUUM then marks no page
    # all-visible, and the buffers of an index-only scan vary from run to run.
    "synchronous_commit": "on",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
}
"""Fixed for every database of a lesson; any role may set these."""

PRIVILEGED_SETTINGS = {
    "lc_messages": "C",
    "track_io_timing": "off",
    # The identifier is still computed for pg_stat_statements, and EXPLAIN does not print it.
    "compute_query_id": "regress",
}
"""Fixed where the role is allowed to: a superuser, or with GRANT SET ON PARAMETER."""

# What a session negotiates for itself, and what no statement shows.
_LEFT_ALONE = (
    "application_name",
    "client_encoding",
    "client_connection%",
    "local_preload_libraries",
    "tcp_%",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
)


async def database_settings(connection: Connection) -> dict[str, str]:
    """The settings for a new database on this server, as name and value.

    Beside the fixed ones: every setting that a session may change and whose default on this
    server (or for this role) is not PostgreSQL's own goes back to PostgreSQL's own.
    """
    changed = await connection.fetch(
        """
        SELECT name, boot_val FROM pg_settings
        WHERE context = 'user' AND reset_val IS DISTINCT FROM boot_val AND boot_val IS NOT NULL
          AND name !~ '[.]' AND NOT name LIKE ANY ($1::text[])
        ORDER BY name
        """,
        list(_LEFT_ALONE),
    )
    allowed = await connection.fetch(
        """
        SELECT name FROM unnest($1::text[]) AS name
        WHERE has_parameter_privilege(current_user, name, 'SET')
        """,
        list(PRIVILEGED_SETTINGS),
    )
    settings = {name: value for name, value in changed if name not in SETTINGS}
    settings |= SETTINGS
    settings |= {name: PRIVILEGED_SETTINGS[name] for (name,) in allowed}
    return settings


async def role_has_settings(connection: Connection) -> bool:
    """Whether the current role has settings of its own, which outrank those of a database."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM pg_db_role_setting
            WHERE setdatabase = 0
              AND setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        )
        """
    )
    return found

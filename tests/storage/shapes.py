"""What a database itself says about its tables, in words that do not depend on the order of making them."""

from __future__ import annotations

import sqlalchemy as sa

_SERVER = (
    """SELECT table_name || '.' || column_name || ': ' || data_type || ' null=' || is_nullable || ' default=' ||
       coalesce(regexp_replace(column_default, '''.*''', ''), 'none')
       FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) || ' ' || conname
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
)


def shape(connection: sa.Connection) -> set[str]:
    """One line for each column, key, reference and index of the schema."""
    if connection.dialect.name == "sqlite":
        lines = _sqlite(connection)
    else:
        lines = {str(row[0]) for query in _SERVER for row in connection.exec_driver_sql(query)}
    return {line for line in lines if "alembic_version" not in line}


def _sqlite(connection: sa.Connection) -> set[str]:
    lines = set()
    tables = connection.exec_driver_sql(
        "SELECT l.name, l.strict, m.sql LIKE '%AUTOINCREMENT%' FROM pragma_table_list l "
        "JOIN sqlite_master m ON m.name = l.name WHERE l.type = 'table' AND l.name NOT LIKE 'sqlite_%'"
    ).all()
    for table, strict, counts in tables:
        lines.add(f"{table}: strict={strict} autoincrement={counts}")
        for _, name, kind, needed, default, place, _ in connection.exec_driver_sql(f"PRAGMA table_xinfo({table})"):
            lines.add(f"{table}.{name}: {kind} needed={needed} default={default} key={place}")
        for row in connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})"):
            lines.add(f"{table}.{row[3]} -> {row[2]}.{row[4]} on delete {row[6]}")
        for _, name, unique, origin, partial in connection.exec_driver_sql(f"PRAGMA index_list({table})"):
            parts = [row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info({name})")]
            shown = name if origin == "c" else origin
            lines.add(f"{table} index {shown} on {parts} unique={unique} partial={partial}")
    return lines

"""Empties the database after a test that commits.

Django truncates every table and then makes content types and permissions again: 36 ms of CPU on SQLite, 700 ms on
PostgreSQL. Here only tables that have rows are emptied, and what belongs to the schema stays.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

# Rows that migrations make for the models, and that no test changes.
OF_THE_SCHEMA = {"django_content_type", "auth_permission"}


def empty_database(_case: TransactionTestCase) -> None:
    """Delete all rows but those of the schema. In one transaction, so that foreign keys are checked at its end."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - OF_THE_SCHEMA
    quoted = {table: connection.ops.quote_name(table) for table in sorted(tables)}
    filled = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quoted[table]})" for table in quoted)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(filled)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quoted[table]}")

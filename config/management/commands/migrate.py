"""Django's migrate, in our own schema.

Poolers refuse start-up options, so the search path belongs to the role in this database, and is set here.
"""

from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections


def use_schema(alias: str) -> None:
    """Make the schema and let every later connection of this role to this database look only there."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    schema = quote(settings.DATABASE_SCHEMA)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database(), current_schema()")
        role, database, current = cursor.fetchone()
        if current == settings.DATABASE_SCHEMA:
            return
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        cursor.execute(f"ALTER ROLE {quote(role)} IN DATABASE {quote(database)} SET search_path = {schema}")
    connection.close()


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        use_schema(options["database"])
        super().handle(*args, **options)

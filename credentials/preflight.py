"""What must be in order before anything starts, each as one sentence when it is not."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from accounts import mfa
from accounts.keys import keyring
from api.health import redis_answers
from credentials import services
from market.errors import Text
from sealing import BadKeys, NoKeyOpens, SealingError


def problems() -> list[Text]:
    """Everything that is wrong; what can only be looked at when something else is right is left out then."""
    return [*_database(), *_redis()]


def database_problems() -> list[Text]:
    """Why the database does not let us in; what can be asked before the first migration."""
    try:
        _schema()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return [
            Text(
                f"데이터베이스가 응답하지 않습니다. SUPABASE_DB_URL을 확인하세요: {reason}",
                f"The database does not answer. Check SUPABASE_DB_URL: {reason}",
            )
        ]
    return []


def _schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return cursor.fetchone()[0]


def _database() -> Iterator[Text]:
    if closed := database_problems():
        yield from closed
        return
    schema = _schema()
    if schema != settings.DATABASE_SCHEMA:
        yield Text(
            f"검색 경로의 스키마가 {settings.DATABASE_SCHEMA}가 아니라 {schema}입니다. manage.py migrate를 실행하세요.",
            f"The role's schema is {schema}, not {settings.DATABASE_SCHEMA}. Run manage.py migrate.",
        )
        return
    pending = list(unapplied())
    if pending:
        yield Text(
            f"적용되지 않은 마이그레이션이 {len(pending)}개 있습니다. manage.py migrate를 실행하세요.",
            f"{len(pending)} migrations are not applied ({pending[0]} …). Run manage.py migrate.",
        )
        return
    yield from _sealed_rows()


def unapplied() -> Iterator[str]:
    """Names of the migrations that the database has not seen."""
    executor = MigrationExecutor(connection)
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield f"{migration.app_label}.{migration.name}"


def _redis() -> Iterator[Text]:
    if not redis_answers():
        yield Text("Redis가 응답하지 않습니다. REDIS_URL을 확인하세요.", "Redis does not answer. Check REDIS_URL.")


def _sealed_rows() -> Iterator[Text]:
    try:
        keyring()
    except BadKeys as error:
        yield Text(f"CREDENTIAL_KEYS를 읽을 수 없습니다: {error}", f"CREDENTIAL_KEYS cannot be read: {error}")
        return
    closed = [found.why for found in services.unsealable()] + mfa.unsealable()
    missing = sorted({why.key_id for why in closed if isinstance(why, NoKeyOpens)})
    broken = sum(not isinstance(why, NoKeyOpens) for why in closed)
    if missing:
        yield _no_key(closed, missing)
    if broken:
        yield Text(
            f"암호화된 값 {broken}개가 손상되었습니다. 백업에서 되살리거나 앱키를 다시 등록하세요.",
            f"{broken} sealed values were changed. Restore them from a backup, or enter the app keys again.",
        )


def _no_key(closed: list[SealingError], missing: list[str]) -> Text:
    count, names = sum(isinstance(why, NoKeyOpens) for why in closed), ", ".join(missing)
    return Text(
        f"암호화된 값 {count}개를 열 열쇠({names})가 CREDENTIAL_KEYS에 없습니다. 백업해 둔 열쇠를 목록에 추가하세요.",
        f"{count} sealed values need the key {names}, which is not in CREDENTIAL_KEYS. Add the key that was backed up.",
    )

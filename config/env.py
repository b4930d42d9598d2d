"""The one door through which the environment comes in. `.env` is read if it is there; the environment wins."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


class BadSetting(ImproperlyConfigured):
    """A variable is missing or cannot be read. The message is one sentence in each language and names it."""


def required(name: str) -> str:
    """The variable's text; blank is as good as missing. Raises BadSetting."""
    value = env.str(name, default="").strip()
    if not value:
        raise BadSetting(
            f"환경 변수 {name}이(가) 없습니다. .env.example을 보고 .env에 넣거나 ./run으로 시작하세요. / "
            f"The variable {name} is missing: put it into .env as .env.example shows, or start with ./run."
        )
    return value


def database(url: str) -> dict:
    """Django's settings for a PostgreSQL address; SQLAlchemy's spelling of the scheme works too.

    No prepared statements and no server-side cursors, because transaction poolers keep no session.
    Raises BadSetting for what is no address of a PostgreSQL database; the address is not shown, it has a password.
    """
    if not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")) or "/" not in url.split("@")[-1]:
        raise BadSetting(
            "SUPABASE_DB_URL은 postgresql://사용자:비밀번호@호스트:포트/데이터베이스 형식이어야 합니다. / "
            "SUPABASE_DB_URL must be of the form postgresql://user:password@host:port/database."
        )
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    config = environ.Env.db_url_config(plain)
    config["ENGINE"] = "django.db.backends.postgresql"
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config.setdefault("OPTIONS", {}).update(prepare_threshold=None, connect_timeout=10)
    return config

"""The one door through which the environment comes in. `.env` is read if it is there; the environment wins."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def database(url: str) -> dict:
    """Django's settings for a PostgreSQL address; SQLAlchemy's spelling of the scheme works too.

    No prepared statements and no server-side cursors, because transaction poolers keep no session.
    """
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    config = environ.Env.db_url_config(plain)
    config["ENGINE"] = "django.db.backends.postgresql"
    config["DISABLE_SERVER_SIDE_CURSORS"] = True
    config.setdefault("OPTIONS", {}).update(prepare_threshold=None, connect_timeout=10)
    return config

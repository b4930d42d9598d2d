"""The variables that the house runs with: the environment wins over `.env`, which wins over our own secrets."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from infra.launch import paths
from infra.launch.problem import Problem
from infra.launch.runtime import write_private

CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def parse(text: str) -> dict[str, str]:
    """Reads the lines of an env file: `NAME=value`, with or without `export` and quotes; `#` begins a comment.

    Raises a Problem that names the line when one is neither.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().removeprefix("export ").strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip().isidentifier():
            raise Problem(
                f".env {number}번째 줄을 읽을 수 없습니다. 이름=값 형식으로 적으세요.",
                f"Line {number} of .env cannot be read: write it as NAME=value.",
            )
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> str:
    if text[:1] in {"'", '"'} and text.find(text[0], 1) > 0:
        return text[1 : text.find(text[0], 1)]
    return text.split(" #", 1)[0].strip() if not text.startswith("#") else ""


def read_file(path: Path) -> dict[str, str]:
    """The variables of a file; none when there is no file. A blank value is as good as no line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    return {name: value for name, value in parse(text).items() if value}


def load(environ: Mapping[str, str], root: Path = paths.ROOT) -> dict[str, str]:
    """Environment over `.env`. A blank variable counts as unset."""
    return read_file(root / ".env") | {name: value for name, value in environ.items() if value}


def new_secrets() -> dict[str, str]:
    """Fresh secrets of ours. The key's name is new as well: a lost key is then known from a damaged value."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "CREDENTIAL_KEYS": f"k{secrets.token_hex(3)}:{key}",
        "NEXTAUTH_SECRET": secrets.token_urlsafe(32),
    }


def with_secrets(env: Mapping[str, str], path: Path) -> tuple[dict[str, str], list[str]]:
    """Adds what is missing from the secrets file, which is made once (0600); also says which were made now."""
    kept = read_file(path)
    missing = [name for name in new_secrets() if name not in kept and name not in env]
    if missing:
        kept |= {name: value for name, value in new_secrets().items() if name in missing}
        lines = "".join(f"{name}={value}\n" for name, value in kept.items())
        write_private(path, "# Made once. Back this file up: without it sealed credentials cannot be opened.\n" + lines)
    return kept | dict(env), missing


def for_tools(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every program that we start: certificates, caches and a home even where none is given.

    A machine with a private certificate authority usually has it in the system's bundle, which npm and an
    older pip do not look at by themselves.
    """
    env = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
    bundle = next((path for path in CERTIFICATES if Path(path).is_file()), None)
    if bundle and "SSL_CERT_FILE" not in env:
        env.setdefault("PIP_CERT", bundle)
        env.setdefault("NODE_EXTRA_CA_CERTS", bundle)
    if not _usable_home(env.get("HOME")):
        env["HOME"] = str(paths.local("home"))
        env.setdefault("UV_CACHE_DIR", str(paths.local("cache", "uv")))
        env.setdefault("PIP_CACHE_DIR", str(paths.local("cache", "pip")))
        env.setdefault("npm_config_cache", str(paths.local("cache", "npm")))
    env.setdefault("PATH", os.defpath)
    env.setdefault("LANG", "C.UTF-8")
    return env | {
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "NEXT_TELEMETRY_DISABLED": "1",
    }


def _usable_home(home: str | None) -> bool:
    return bool(home) and Path(str(home)).is_dir() and os.access(str(home), os.W_OK)


def for_python(env: Mapping[str, str]) -> dict[str, str]:
    """Adds what our Python processes need to be themselves: the virtual environment first on the path."""
    return dict(env) | {
        "VIRTUAL_ENV": str(paths.VENV),
        "PATH": f"{paths.VENV / 'bin'}{os.pathsep}{env['PATH']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(paths.ROOT),
    }

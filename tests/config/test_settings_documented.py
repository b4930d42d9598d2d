"""Settings come in by one door, and the door is labelled."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Fixed names: a user's .env has them, so they are documented before the part that reads them.
PROMISED = {"SUPABASE_PROJECT_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"}
# The operating system's and other tools' own, and what our parts tell each other.
NOT_SETTINGS = {
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "TERM", "VIRTUAL_ENV", "PYTHONPATH", "COLUMNS",
    "DJANGO_SETTINGS_MODULE", "SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "API_URL",
    "UV_CACHE_DIR", "PIP_CACHE_DIR", "BAMSAE_CALLER", "SERVERS_PASSWORD",
}  # fmt: skip
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|[A-Z]{4,}")


def _environment_like(node: ast.expr) -> bool:
    words = ast.unparse(node).split(".")
    return bool({"env", "environ", "required"} & set(words))


def _names_read_in(tree: ast.Module):
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if _environment_like(func):
                yield name
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if _environment_like(value):
                yield name


def variables_read() -> set[str]:
    files = [p for folder in ("config", "infra/launch", "kis") for p in (ROOT / folder).rglob("*.py")]
    names = {name for path in files for name in _names_read_in(ast.parse(path.read_text(encoding="utf-8")))}
    sides = {f"KIS_{side}_{kind}_URL" for side in ("REAL", "PAPER") for kind in ("REST", "WS")}
    return {name for name in names if NAME.fullmatch(name)} - NOT_SETTINGS | sides


def lines() -> list[str]:
    return (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()


def documented() -> list[str]:
    return [m.group(1) for line in lines() if (m := re.match(r"(?:# )?([A-Z][A-Z0-9_]+)=", line))]


def test_every_variable_that_is_read_is_documented_and_no_other():
    assert set(documented()) == variables_read() | PROMISED


def test_no_variable_is_documented_twice():
    assert len(documented()) == len(set(documented()))


def test_every_variable_has_a_sentence_above_it():
    text = lines()
    for number, line in enumerate(text):
        if re.match(r"(# )?[A-Z][A-Z0-9_]+=", line):
            above = [before for before in text[:number] if not re.match(r"(# )?[A-Z][A-Z0-9_]+=", before)][-1]
            assert re.match(r"# (?!---).{12,}", above), line


@pytest.mark.parametrize("name", ["DJANGO_SECRET_KEY", "SUPABASE_DB_URL", "REDIS_URL", "CREDENTIAL_KEYS"])
def test_a_missing_variable_stops_the_start_with_one_sentence_that_names_it(name):
    result = _manage(**{name: ""})

    assert result.returncode != 0
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_address_of_another_kind_of_database_is_refused_without_showing_it():
    result = _manage(SUPABASE_DB_URL="mysql://u:topsecret@h/db")

    assert result.returncode != 0
    assert "SUPABASE_DB_URL" in result.stderr
    assert "topsecret" not in result.stderr
    assert "Traceback" not in result.stderr


def _manage(**changed: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=os.environ | changed, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

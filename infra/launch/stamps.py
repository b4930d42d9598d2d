"""A stage is skipped while the hash of what it was made from stays the same."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def digest(paths: Iterable[Path], *words: str) -> str:
    """Hash of the contents of files and of everything in folders, by name; `words` are further inputs."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(_files(paths)):
        total.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            yield from (p for p in path.rglob("*") if p.is_file())
        elif path.is_file():
            yield path


def read(stamp: Path) -> dict[str, str]:
    """What the last run was made from; empty when there was none or it cannot be read."""
    try:
        found = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(stamp: Path, made_from: dict[str, str]) -> None:
    """Remembers what was made; written whole or not at all."""
    partial = stamp.with_suffix(".partial")
    partial.write_text(json.dumps(made_from, indent=1))
    partial.replace(stamp)

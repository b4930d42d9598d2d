"""Where things are in a clone."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"
LOG = LOCAL / "log"


def local(*parts: str) -> Path:
    """A folder under `.local`, made if it is not there."""
    path = LOCAL.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def fingerprint(root: Path = ROOT) -> str:
    """A short name for this clone, for what must live outside of it."""
    return hashlib.sha256(str(root).encode()).hexdigest()[:12]

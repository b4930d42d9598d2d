"""From `./run demo` on a fresh clone to the first fill on the screen: cold, then warm. One JSON line.

Cold means a new clone with an empty home, so that nothing comes from a cache of an earlier installation;
warm is the second start in that clone. Chromium is looked for beforehand: it belongs to the machine.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = {"PATH", "LANG", "TERM", "CHROMIUM", "BAMSAE_PYTHON"}


def clone(folder: Path) -> Path:
    """What is committed, and nothing else."""
    target = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(target)], check=True)
    return target


def smoke(target: Path, home: Path) -> dict:
    """One smoke run: its own JSON line, with the clone's stages on stderr."""
    env = {name: value for name, value in os.environ.items() if name in KEPT} | {"HOME": str(home)}
    argv = ["bash", "./run", "demo", "--smoke", "--web-port", "0", "--api-port", "0"]
    done = subprocess.run(argv, cwd=target, env=env, stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="bamsae-startup-"))
    folder.chmod(0o755)  # as root the database runs as nobody, who must be able to enter
    try:
        (folder / "home").mkdir()
        target = clone(folder)
        cold, warm = smoke(target, folder / "home"), smoke(target, folder / "home")
        print(json.dumps(verdict(cold, warm)), flush=True)
        return 0 if cold["ok"] and warm["ok"] else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def verdict(cold: dict, warm: dict) -> dict:
    """Seconds from the command to the first fill, and where they went."""
    return {
        "bench": "startup",
        "ok": cold["ok"] and warm["ok"],
        "cold_to_first_fill": cold["seconds"].get("to_first_fill"),
        "cold_to_first_fill_on_page": cold["seconds"].get("to_first_fill_on_page"),
        "warm_to_first_fill": warm["seconds"].get("to_first_fill"),
        "warm_to_first_fill_on_page": warm["seconds"].get("to_first_fill_on_page"),
        "cold": cold["seconds"],
        "warm": warm["seconds"],
        "processors": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main())

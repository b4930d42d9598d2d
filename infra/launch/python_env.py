"""`.venv`, made from pinned and hashed requirements; skipped while its stamp says that nothing changed."""

import sys
from collections.abc import Mapping
from pathlib import Path

from infra.launch import paths, stamps
from infra.launch.problem import Problem
from infra.launch.processes import Command, run_to_end
from infra.launch.progress import Progress

UV_PIN = Path(__file__).with_name("uv-requirements.txt")
BASE = paths.ROOT / "requirements.txt"
DEV = paths.ROOT / "requirements-dev.txt"
STAMP = paths.VENV / ".bamsae-stamp"
LOG = paths.LOG / "python-env.log"


def python() -> str:
    """The interpreter of the virtual environment."""
    return str(paths.VENV / "bin" / "python")


def site_packages() -> Path:
    """Where the installed packages are."""
    found = sorted(paths.VENV.glob("lib/python3.*/site-packages"))
    if not found:
        raise Problem(".venv 가 없습니다. ./run demo 로 만드세요.", "There is no .venv: ./run demo makes it.")
    return found[-1]


def wanted(*, dev: bool, stamp: Mapping[str, str]) -> dict[str, str] | None:
    """What `.venv` must be made from now, or None when it already is.

    One environment holds both sets: a demo after a test has nothing to install, and a changed
    requirements.txt brings the tests' packages along if they were there.
    """
    base = stamps.digest([BASE, UV_PIN], f"{sys.version_info[0]}.{sys.version_info[1]}", sys.base_prefix)
    both = dev or bool(stamp.get("dev"))
    now = {"base": base, "dev": stamps.digest([DEV]) if both else ""}
    if stamp.get("base") == base and (not dev or stamp.get("dev") == now["dev"]):
        return None
    return now


def ensure(progress: Progress, env: Mapping[str, str], *, dev: bool = False) -> None:
    """Makes or completes `.venv`, if its inputs changed since it was made; says nothing when they did not."""
    # Tests' packages that somebody put in by hand stay: what is not in the files installed would be removed.
    dev = dev or (paths.VENV / "bin" / "pytest").exists()
    made_from = wanted(dev=dev, stamp=stamps.read(STAMP) if Path(python()).exists() else {})
    if made_from is None:
        progress.seconds["python"] = 0.0
        return
    with progress.stage("python", "Python 환경 / Python environment (.venv)") as stage:
        STAMP.unlink(missing_ok=True)
        _make_venv(env)
        files = [BASE, DEV] if made_from["dev"] else [BASE]
        stage.note = _install(files, env)
        stamps.write(STAMP, made_from)


def _make_venv(env: Mapping[str, str]) -> None:
    if Path(python()).exists():
        probe = Command("python", [python(), "-c", _SAME], env, paths.ROOT)
        try:
            if run_to_end(probe, LOG).tail() == f"{sys.version_info[:2]}":
                return
        except Problem:
            pass  # a Python that is gone; made anew
    clear = Command("venv", [sys.executable, "-m", "venv", "--clear", str(paths.VENV)], env, paths.ROOT)
    run_to_end(clear, LOG)


_SAME = "import sys, pip; print(sys.version_info[:2])"


def _install(files: list[Path], env: Mapping[str, str]) -> str:
    """By uv, which is itself pinned and hashed; by pip where uv will not run. Says by which."""
    pip = [python(), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
    each = [part for file in files for part in ("-r", str(file))]
    tools = dict(env) | {"VIRTUAL_ENV": str(paths.VENV)}
    try:
        run_to_end(Command("pip install uv", [*pip, "-r", str(UV_PIN)], tools, paths.ROOT), LOG)
        sync = [str(paths.VENV / "bin" / "uv"), "--system-certs", "pip", "sync", "--require-hashes", *map(str, files)]
        run_to_end(Command("uv pip sync", sync, tools, paths.ROOT), LOG)
        return "uv"
    except Problem as with_uv:
        try:
            run_to_end(Command("pip install", [*pip, *each], tools, paths.ROOT), LOG)
            return "pip"
        except Problem as e:
            raise Problem(
                f"파이썬 패키지를 설치하지 못했습니다. 인터넷 연결을 확인하고 다시 실행하세요. 기록: {LOG}",
                f"The Python packages could not be installed: check the connection and run again. Its log: {LOG}",
                detail=f"{with_uv.detail}\n{e.detail}",
            ) from e


def lock(env: Mapping[str, str], arguments: list[str]) -> None:
    """Writes requirements*.txt anew from requirements*.in (`--upgrade` and its like are passed on)."""
    how = ["--universal", "--python-version", "3.12", "--generate-hashes"]
    how += ["--no-emit-index-url", "--no-annotate", "--quiet"]
    for source in (BASE.with_suffix(".in"), DEV.with_suffix(".in")):
        uv = [str(paths.VENV / "bin" / "uv"), "--system-certs", "pip", "compile", *how, *arguments]
        argv = [*uv, "--custom-compile-command", "./run lock", source.name, "-o", source.with_suffix(".txt").name]
        run_to_end(Command("uv pip compile", argv, env, paths.ROOT), LOG)

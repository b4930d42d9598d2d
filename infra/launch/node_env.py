"""Node, the dashboard's packages and its production build; each skipped while its stamp holds."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.launch import paths, stamps
from infra.launch.problem import Problem
from infra.launch.processes import Command, run_to_end
from infra.launch.progress import Progress

LEAST = 20
MODULES = paths.FRONTEND / "node_modules"
BUILD = paths.FRONTEND / ".next"
SERVER = BUILD / "standalone" / "server.js"
LOG = paths.LOG / "frontend.log"
NOT_BUILT = {"node_modules", ".next", "e2e", "coverage", "test-results", "next-env.d.ts"}


def find(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with a Node ≥ 20 and its npm first on the path; a Problem when there is none."""
    seen = []
    for folder in _folders(env):
        node, npm = folder / "node", folder / "npm"
        if os.access(node, os.X_OK) and os.access(npm, os.X_OK):
            path = f"{folder}{os.pathsep}{env['PATH']}"
            version = _version(node, dict(env) | {"PATH": path})
            if version >= LEAST:
                return dict(env) | {"PATH": path}
            seen.append(f"{node} (v{version})" if version else f"{node} (does not run)")
    raise Problem(
        f"Node {LEAST} 이상과 npm 이 필요합니다. 설치한 뒤 다시 실행하세요. 찾은 것: {', '.join(seen) or '없음'}.",
        f"Node {LEAST} or newer with npm is needed: install it and run again. Found: {', '.join(seen) or 'none'}.",
    )


def _folders(env: Mapping[str, str]) -> list[Path]:
    on_path = [Path(p) for p in env["PATH"].split(os.pathsep) if p]
    homes = {Path(h).expanduser() for h in (env.get("HOME") or "~", "~")}
    patterns = (".nvm/versions/node/*/bin", ".asdf/installs/nodejs/*/bin", ".local/share/mise/installs/node/*/bin",
                ".local/share/fnm/node-versions/*/installation/bin", ".volta/bin")  # fmt: skip
    managed = [p for home in homes for pattern in patterns for p in sorted(home.glob(pattern), reverse=True)]
    usual = [Path(p) for p in ("/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/node/bin")]
    return [*on_path, *managed, *usual]


def _version(node: Path, env: Mapping[str, str]) -> int:
    try:
        done = subprocess.run([node, "--version"], env=env, capture_output=True, text=True, timeout=20, check=False)
        return int(done.stdout.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def npm(name: str, *arguments: str, env: Mapping[str, str]) -> Command:
    """An npm command in the dashboard's folder."""
    return Command(name, ["npm", *arguments], env, paths.FRONTEND)


def install(progress: Progress, env: Mapping[str, str]) -> None:
    """`npm ci`, unless the lock file is the one that was installed."""
    made_from = {"lock": stamps.digest([paths.FRONTEND / "package-lock.json"])}
    stamp = MODULES / ".bamsae-stamp"
    if stamps.read(stamp) == made_from:
        progress.seconds["npm"] = 0.0
        return
    with progress.stage("npm", "대시보드 패키지 / dashboard packages (npm ci)"):
        stamp.unlink(missing_ok=True)
        run_to_end(npm("npm ci", "ci", "--no-audit", "--no-fund", "--ignore-scripts", env=env), LOG)
        stamps.write(stamp, made_from)


def build(progress: Progress, env: Mapping[str, str]) -> None:
    """The production build with all that its server needs beside it, unless the sources are those of the last one."""
    sources = [p for p in paths.FRONTEND.iterdir() if p.name not in NOT_BUILT and not p.name.startswith(".")]
    made_from = {"sources": stamps.digest(sources)}
    stamp = BUILD / ".bamsae-stamp"
    if stamps.read(stamp) == made_from and SERVER.exists():
        progress.seconds["build"] = 0.0
        return
    with progress.stage("build", "대시보드 빌드 / dashboard build"):
        stamp.unlink(missing_ok=True)
        shutil.rmtree(BUILD / "standalone", ignore_errors=True)
        run_to_end(npm("next build", "run", "build", env=env), LOG)
        _complete_standalone()
        stamps.write(stamp, made_from)


def _complete_standalone() -> None:
    """Next.js leaves static files and `public` out of the standalone folder: they may go to a CDN, ours do not."""
    if not SERVER.exists():
        raise Problem(
            f"빌드에 {SERVER} 가 없습니다. next.config 에 output: 'standalone' 이 있어야 합니다.",
            f"The build has no {SERVER}: next.config must say output: 'standalone'.",
        )
    shutil.copytree(BUILD / "static", SERVER.parent / ".next" / "static", dirs_exist_ok=True)
    if (paths.FRONTEND / "public").is_dir():
        shutil.copytree(paths.FRONTEND / "public", SERVER.parent / "public", dirs_exist_ok=True)


def ensure(progress: Progress, env: Mapping[str, str]) -> None:
    """Packages and build."""
    install(progress, env)
    build(progress, env)

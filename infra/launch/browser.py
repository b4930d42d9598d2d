"""Chromium: on the path, or from Debian when we are root."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.launch import paths
from infra.launch.problem import Problem
from infra.launch.processes import Command, run_to_end
from infra.launch.progress import Progress

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
LOG = paths.LOG / "chromium.log"


def find(env: Mapping[str, str]) -> str | None:
    """The path of a Chromium, or None. CHROMIUM names one that is not on the path."""
    if given := env.get("CHROMIUM"):
        return given if os.access(given, os.X_OK) else None
    on_path = next((found for name in NAMES if (found := shutil.which(name, path=env["PATH"]))), None)
    return on_path or (MAC if sys.platform == "darwin" and Path(MAC).exists() else None)


def find_or_install(progress: Progress, env: Mapping[str, str]) -> str | None:
    """The path of a Chromium, installed from Debian when it is missing and we may; None where there is none."""
    if found := find(env):
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get", path=env["PATH"]):
        return None
    apt = dict(env) | {"DEBIAN_FRONTEND": "noninteractive"}
    with progress.stage("chromium", "Chromium (apt-get)") as stage:
        try:
            run_to_end(Command("apt-get update", ["apt-get", "update", "-q"], apt, Path("/")), LOG, timeout=300)
            install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
            run_to_end(Command("apt-get install", install, apt, Path("/")), LOG, timeout=900)
        except Problem as e:
            stage.note = f"{e.en}"
    return find(env)


def must_have(progress: Progress, env: Mapping[str, str]) -> str:
    """A Chromium, or a Problem that says how to get one."""
    if found := find_or_install(progress, env):
        return found
    raise Problem(
        "Chromium 이 필요합니다. 설치하거나(Debian: apt-get install chromium) CHROMIUM 에 경로를 지정하고 "
        "다시 실행하세요.",
        "Chromium is needed: install it (Debian: apt-get install chromium) or set CHROMIUM to its path, and run again.",
    )

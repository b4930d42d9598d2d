"""`./run` finds a Python that works, wherever a version manager keeps it, and looks behind broken shims."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from launch_box import ROOT

PYTHON = os.path.realpath(sys.executable)
TELL = "import json, os, sys; print(json.dumps([sys.executable, sys.argv[1:], os.getcwd()]))"


@pytest.fixture
def clone(tmp_path):
    """A clone whose launcher only tells how it was called."""
    root = tmp_path / "a clone"
    (root / "infra" / "launch").mkdir(parents=True)
    (root / "infra" / "launch" / "__main__.py").write_text(TELL)
    shutil.copy(ROOT / "run", root / "run")
    return root


def call(clone: Path, *arguments: str, path: str = "/usr/bin:/bin", **env: str):
    # The tools that the script itself needs stay reachable: id, dirname.
    argv = ["/bin/bash", str(clone / "run"), *arguments]
    return subprocess.run(argv, env={"PATH": path, **env}, capture_output=True, text=True, timeout=60)


def told(clone: Path, *arguments: str, **more: str) -> list:
    return json.loads(call(clone, *arguments, **more).stdout)


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def python_at(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(PYTHON)
    return str(path)


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.12.9/bin/python3",
        ".asdf/installs/python/3.12.4/bin/python3",
        ".local/share/mise/installs/python/3.12/bin/python3",
        ".local/share/uv/python/cpython-3.12.7-linux-x86_64-gnu/bin/python3",
        "miniconda3/envs/any/bin/python3.12",
        ".local/bin/python3.12",
    ],
)
def test_version_managers_are_looked_into(clone, tmp_path, place):
    wanted = python_at(tmp_path / "home" / place)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    for tool in ("id", "dirname"):
        (nothing / tool).symlink_to(shutil.which(tool))
    assert told(clone, path=str(nothing), HOME=str(tmp_path / "home"))[0] == wanted


def test_a_shim_that_fails_leads_to_the_versions_beside_it(clone, tmp_path):
    shim = program(tmp_path / "pyenv" / "shims" / "python3.12", "echo 'pyenv: command not found' >&2; exit 127\n")
    wanted = python_at(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python3")
    (tmp_path / "empty").mkdir()
    for tool in ("id", "dirname"):
        (tmp_path / "empty" / tool).symlink_to(shutil.which(tool))
    path = f"{shim.parent}:{tmp_path / 'empty'}"
    assert told(clone, path=path, HOME=str(tmp_path / "empty"))[0] == wanted


def test_an_old_python_and_one_without_venv_are_passed_over(clone, tmp_path):
    program(tmp_path / "bin" / "python3", "cat >/dev/null; echo 'version 3.11'; exit 3\n")
    program(tmp_path / "bin" / "python3.12", "cat >/dev/null; echo 'lacks ensurepip'; exit 4\n")
    wanted = python_at(tmp_path / "bin" / "python3.13")  # the name is no proof: what it says of itself is
    assert told(clone, path=f"{tmp_path / 'bin'}:/usr/bin:/bin")[0] == wanted


def test_the_one_that_is_named_comes_first(clone, tmp_path):
    wanted = python_at(tmp_path / "mine" / "python")
    assert told(clone, BAMSAE_PYTHON=wanted)[0] == wanted


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "/nonexistent"}])
def test_an_empty_home_is_no_hindrance(clone, tmp_path, home):
    wanted = python_at(tmp_path / "bin" / "python3.12")
    assert told(clone, path=f"{tmp_path / 'bin'}:/usr/bin:/bin", **home)[0] == wanted


def test_words_are_handed_on_as_they_are(clone, tmp_path):
    path = f"{Path(python_at(tmp_path / 'bin' / 'python3.12')).parent}:/usr/bin:/bin"
    _, words, folder = told(clone, "shell", "-c", "print('a  b')", path=path)
    assert words == ["shell", "-c", "print('a  b')"]
    assert folder == str(clone)


def test_without_any_it_says_what_is_missing_and_what_was_tried(clone, tmp_path):
    script = (clone / "run").read_text()
    only = program(tmp_path / "bin" / "python3", "cat >/dev/null; echo 'version 3.11'; exit 3\n")
    # The same script on a machine that has only this one.
    (clone / "run").write_text(script.replace("done < <(candidates)", f"done <<<'{only}'"))
    done = call(clone, "demo")
    assert done.returncode == 1
    assert "Python 3.12 or 3.13 with venv and ensurepip is needed" in done.stderr
    assert "Python 3.12 또는 3.13" in done.stderr
    assert f"{only} (version 3.11)" in done.stderr

"""What is installed is pinned, hashed, and names no host."""

import re

import pytest
from launch_box import ROOT

PINNED = ["requirements.txt", "requirements-dev.txt", "infra/launch/uv-requirements.txt"]
LISTS = [*PINNED, "requirements.in", "requirements-dev.in", ".github/workflows/ci.yml"]


def entries(text: str) -> list[str]:
    """The logical lines of a requirements file."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", PINNED)
def test_every_requirement_is_pinned_and_hashed(name):
    for line in entries((ROOT / name).read_text()):
        assert re.match(r"^[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line), line[:80]
        assert "--hash=sha256:" in line, line[:80]


@pytest.mark.parametrize("name", LISTS)
def test_no_host_is_named(name):
    said = "\n".join(entries((ROOT / name).read_text()))
    assert not re.search(r"https?://|index-url|find-links|file:", said)


def test_the_frontend_lock_is_hashed_and_names_no_private_host():
    import json

    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name and not package.get("link")}
    assert all(package.get("integrity") for package in installed.values() if not package.get("inBundle"))
    hosts = {package["resolved"].split("/")[2] for package in installed.values() if "resolved" in package}
    assert len(hosts) <= 1


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_direct_requirement_is_in_its_lock(name):
    wanted = [re.split(r"[\[=<>~ ;]", line)[0].lower() for line in entries((ROOT / f"{name}.in").read_text())]
    locked = (ROOT / f"{name}.txt").read_text()
    for package in wanted:
        if package != "-c":
            assert re.search(rf"^{re.escape(package)}(\[[a-z,]+\])?==", locked, re.MULTILINE), package

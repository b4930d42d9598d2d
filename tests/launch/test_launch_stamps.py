"""A stage is skipped exactly while its inputs stay the same."""

import sys

from infra.launch import python_env, stamps


def test_a_stamp_follows_contents_and_names(tmp_path):
    (tmp_path / "src").mkdir()
    file = tmp_path / "src" / "a.txt"
    file.write_text("one")
    first = stamps.digest([tmp_path / "src"])
    assert stamps.digest([tmp_path / "src"]) == first
    file.write_text("two")
    changed = stamps.digest([tmp_path / "src"])
    file.rename(tmp_path / "src" / "b.txt")
    assert len({first, changed, stamps.digest([tmp_path / "src"])}) == 3


def test_a_broken_stamp_is_no_stamp(tmp_path):
    (tmp_path / "stamp").write_text("{")
    assert stamps.read(tmp_path / "stamp") == {}
    assert stamps.read(tmp_path / "none") == {}
    stamps.write(tmp_path / "stamp", {"base": "1"})
    assert stamps.read(tmp_path / "stamp") == {"base": "1"}


def requirements(monkeypatch, tmp_path):
    for name in ("BASE", "DEV", "UV_PIN"):
        (tmp_path / name).write_text(name)
        monkeypatch.setattr(python_env, name, tmp_path / name)


def test_a_demo_after_a_test_installs_nothing(monkeypatch, tmp_path):
    requirements(monkeypatch, tmp_path)
    with_tests = python_env.wanted(dev=True, stamp={})
    assert python_env.wanted(dev=False, stamp=with_tests) is None
    assert python_env.wanted(dev=True, stamp=with_tests) is None


def test_a_test_after_a_demo_adds_what_tests_need(monkeypatch, tmp_path):
    requirements(monkeypatch, tmp_path)
    without = python_env.wanted(dev=False, stamp={})
    assert python_env.wanted(dev=False, stamp=without) is None
    assert python_env.wanted(dev=True, stamp=without)["dev"]


def test_changed_requirements_keep_what_tests_need(monkeypatch, tmp_path):
    requirements(monkeypatch, tmp_path)
    before = python_env.wanted(dev=True, stamp={})
    (tmp_path / "BASE").write_text("changed")
    assert python_env.wanted(dev=False, stamp=before)["dev"]


def test_another_python_makes_the_environment_anew(monkeypatch, tmp_path):
    requirements(monkeypatch, tmp_path)
    before = python_env.wanted(dev=False, stamp={})
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert python_env.wanted(dev=False, stamp=before) is not None

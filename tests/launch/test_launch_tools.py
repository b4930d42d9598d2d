"""Node and Chromium: what is there is used, what is missing is said in one sentence."""

import os
from pathlib import Path

import pytest

from infra.launch import browser, demo, node_env
from infra.launch.problem import Problem
from infra.launch.progress import Progress
from infra.launch.servers import Servers


def tool(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def only(monkeypatch, *folders: Path) -> dict[str, str]:
    monkeypatch.setattr(node_env, "_folders", lambda env: list(folders))
    return {"PATH": "/bin"}


def test_the_first_node_that_is_new_enough_comes_first_on_the_path(monkeypatch, tmp_path):
    for folder, version in (("old", "v18.20.0"), ("new", "v20.20.2")):
        tool(tmp_path / folder, "node", version)
        tool(tmp_path / folder, "npm", "11")
    env = node_env.find(only(monkeypatch, tmp_path / "old", tmp_path / "new"))
    assert env["PATH"].split(os.pathsep)[0] == str(tmp_path / "new")


def test_an_old_node_is_named_in_the_sentence(monkeypatch, tmp_path):
    tool(tmp_path, "npm", "9")
    node = tool(tmp_path, "node", "v18.20.0")
    with pytest.raises(Problem, match=r"Node 20 or newer with npm is needed: install it") as caught:
        node_env.find(only(monkeypatch, tmp_path))
    assert f"{node} (v18)" in caught.value.en
    assert "Node 20 이상" in caught.value.ko


def test_node_without_npm_will_not_do(monkeypatch, tmp_path):
    tool(tmp_path, "node", "v20.20.2")
    with pytest.raises(Problem, match="none"):
        node_env.find(only(monkeypatch, tmp_path))


def test_chromium_is_found_on_the_path_or_by_its_variable(tmp_path):
    found = tool(tmp_path, "chromium-browser", "Chromium")
    assert browser.find({"PATH": str(tmp_path)}) == str(found)
    assert browser.find({"PATH": "/nowhere", "CHROMIUM": str(found)}) == str(found)
    assert browser.find({"PATH": "/nowhere", "CHROMIUM": "/not/there"}) is None


def test_without_chromium_the_sentence_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # not root: nothing is installed
    monkeypatch.setattr(browser, "MAC", "/not/there")
    with pytest.raises(Problem, match="apt-get install chromium"):
        browser.must_have(Progress(), {"PATH": "/nowhere"})


def test_up_refuses_a_database_that_holds_the_demos_accounts(tmp_path):
    demo.refuse_demo_data(tmp_path / "simulator.book")
    (tmp_path / "simulator.book").touch()
    with pytest.raises(Problem, match="holds the demo's accounts: name another one in SUPABASE_DB_URL"):
        demo.refuse_demo_data(tmp_path / "simulator.book")


def test_each_database_has_a_book_of_its_own_that_does_not_tell_its_password(tmp_path):
    servers = Servers(tmp_path, "test")
    ours = servers.simulator_book({})
    servers.embedded = False
    one = servers.simulator_book({"SUPABASE_DB_URL": "postgresql://u:first@db.example/one"})
    same = servers.simulator_book({"SUPABASE_DB_URL": "postgresql+psycopg://u:changed@db.example:5432/one"})
    other = servers.simulator_book({"SUPABASE_DB_URL": "postgresql://u:first@db.example/other"})
    assert one == same
    assert len({ours, one, other}) == 3

"""Where the variables come from, and what is kept secret."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.launch import checks, environment
from infra.launch.problem import Problem

values = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="'\"#"), min_size=1)


def test_the_usual_spellings_are_read():
    text = """
    # a comment
    PLAIN=value
    export EXPORTED=yes
    QUOTED="two words # not a comment"
    SINGLE='$as it is'
    TRAILING=value # a comment
    URL=postgresql://u:p%23w@host:5432/db?sslmode=require
    BLANK=
    """
    assert environment.parse(text) == {
        "PLAIN": "value",
        "EXPORTED": "yes",
        "QUOTED": "two words # not a comment",
        "SINGLE": "$as it is",
        "TRAILING": "value",
        "URL": "postgresql://u:p%23w@host:5432/db?sslmode=require",
        "BLANK": "",
    }


@given(value=values)
def test_what_is_written_is_what_is_read(value):
    assert environment.parse(f"NAME={value}\n") == {"NAME": value}
    assert environment.parse(f'NAME="{value} {value}"\n') == {"NAME": f"{value} {value}"}


def test_a_line_that_is_neither_is_named_without_being_shown():
    with pytest.raises(Problem, match=r"Line 2 of \.env") as caught:
        environment.parse("A=1\nmy-password\n")
    assert "my-password" not in caught.value.en + caught.value.ko


def test_the_environment_wins_over_the_file_and_blank_is_unset(tmp_path):
    (tmp_path / ".env").write_text("A=file\nB=file\nC=\n")
    assert environment.load({"A": "environment", "B": ""}, tmp_path) == {"A": "environment", "B": "file"}


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path):
    path = tmp_path / "secrets.env"
    first, made = environment.with_secrets({}, path)
    again, made_again = environment.with_secrets({}, path)
    assert sorted(made) == ["CREDENTIAL_KEYS", "DJANGO_SECRET_KEY", "NEXTAUTH_SECRET"]
    assert (again, made_again) == (first, [])
    assert path.stat().st_mode & 0o777 == 0o600
    name, key = first["CREDENTIAL_KEYS"].split(":")
    assert name != environment.new_secrets()["CREDENTIAL_KEYS"].split(":")[0]
    assert len(base64.b64decode(key, validate=True)) == 32


def test_secrets_that_a_person_set_are_neither_replaced_nor_copied(tmp_path):
    env, made = environment.with_secrets({"CREDENTIAL_KEYS": "k9:mine"}, tmp_path / "secrets.env")
    assert env["CREDENTIAL_KEYS"] == "k9:mine"
    assert "CREDENTIAL_KEYS" not in made
    assert "k9:mine" not in (tmp_path / "secrets.env").read_text()


def test_tools_have_a_home_and_caches_where_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setattr("infra.launch.paths.LOCAL", tmp_path)
    env = environment.for_tools({"HOME": "", "PATH": "/usr/bin"})
    assert env["HOME"] == str(tmp_path / "home")
    assert env["UV_CACHE_DIR"] == str(tmp_path / "cache" / "uv")
    assert env["npm_config_cache"] == str(tmp_path / "cache" / "npm")


def test_the_systems_certificates_are_named_to_tools_that_do_not_look(monkeypatch, tmp_path):
    bundle = tmp_path / "bundle.crt"
    bundle.touch()
    monkeypatch.setattr(environment, "CERTIFICATES", (str(bundle),))
    env = environment.for_tools({"PATH": os.defpath, "HOME": str(tmp_path)})
    assert env["NODE_EXTRA_CA_CERTS"] == env["PIP_CERT"] == str(bundle)
    own = environment.for_tools({"PATH": os.defpath, "HOME": str(tmp_path), "NODE_EXTRA_CA_CERTS": "/mine"})
    assert own["NODE_EXTRA_CA_CERTS"] == "/mine"


def test_no_test_is_given_a_persons_database_broker_or_keys(monkeypatch, tmp_path):
    monkeypatch.setattr("infra.launch.paths.ROOT", tmp_path)
    (tmp_path / ".env").write_text("KIS_APP_KEY=real\nSUPABASE_DB_URL=postgresql://real/db\n")
    env = checks.for_tests({"PATH": "/usr/bin", "KIS_APP_SECRET": "real", "REDIS_URL": "redis://real"})
    assert "real" not in " ".join(env.values())
    assert env["KIS_APP_KEY"] == ""  # blank and not absent: Django reads `.env` too


class TestPaperKeys:
    KEYS = {"KIS_APP_KEY": "key", "KIS_APP_SECRET": "secret", "KIS_ACCOUNT_NO": "12345678-01"}

    def test_the_contract_suite_gets_a_persons_paper_keys_when_it_is_asked_for_by_name(self):
        given = checks.paper_keys({**self.KEYS, "KIS_USE_SANDBOX": "true"}, ["tests/contract", "-q"])
        assert given == {f"CONTRACT_{name}": value for name, value in self.KEYS.items()}

    def test_no_other_tests_get_them(self):
        assert checks.paper_keys({**self.KEYS, "KIS_USE_SANDBOX": "true"}, []) == {}

    @pytest.mark.parametrize("word", ["", "false", "0", "no"])
    def test_real_keys_are_never_handed_on(self, word):
        assert checks.paper_keys({**self.KEYS, "KIS_USE_SANDBOX": word}, ["tests/contract"]) == {}

"""The page of the KIS library says what the code has, and its example works."""

import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.conf import settings

from kis.simulator.testing import start

ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/kis.md").read_text(encoding="utf-8")
MODULES = ["overseas_orders", "daytime", "reservations", "overseas_balance", "overseas_quotes", "overseas_bars"]
TABLE = PAGE.split("## What can be asked", 1)[1].split("\n\n`get_", 1)[0]


def test_every_name_in_the_table_exists():
    for module, names in re.findall(r"`(\w+)`: ((?:`\w+`(?:, )?)+)", TABLE):
        for name in re.findall(r"`(\w+)`", names):
            assert callable(getattr(importlib.import_module(f"kis.{module}"), name)), name


@pytest.mark.parametrize("module", [*MODULES, "instruments"])
def test_every_function_that_people_call_is_in_the_table(module):
    found = vars(importlib.import_module(f"kis.{module}"))
    public = {
        name
        for name, value in found.items()
        if re.match(r"(get|place|amend|cancel|reserve)_", name) and getattr(value, "__module__", "") == f"kis.{module}"
    }
    assert public <= set(re.findall(r"`(\w+)`", TABLE))


def test_every_file_of_facts_is_there():
    for name in re.findall(r"^\| `([\w/]+\.py)`", PAGE, re.MULTILINE):
        assert (ROOT / "kis" / name).is_file()


def test_the_example_runs_as_it_stands():
    code = re.search(r"<!-- run: first -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    with start(switches={"rate_paper": 0, "token_interval": 0.0}) as kis:
        me = kis.accounts("paper")[0]
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "KIS_APP_KEY": me["app_key"],
            "KIS_APP_SECRET": me["app_secret"],
            "KIS_ACCOUNT_NO": me["account_no"],
            "KIS_USE_SANDBOX": "true",
            "KIS_PAPER_REST_URL": kis.info["paper"]["rest"],
        }
        argv = [sys.executable, "-c", textwrap.dedent(code[1])]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert [row["status"] for row in kis.control.orders(me["account_no"])] == ["cancelled", "done"]

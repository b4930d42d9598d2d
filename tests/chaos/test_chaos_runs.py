"""Chaos itself: a share of it in every test run, more with `--all`, and bugs that it must find."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRONG = (
    "duplicates", "lost", "unsettled", "misattributed", "oversold", "limit_breaches", "position_differences",
    "needs_person",
)  # fmt: skip


def chaos(*arguments: object, bug: str = "") -> tuple[int, dict, str]:
    """Exit code, the last line, and all that was said."""
    command = ["tests/chaos/planted.py", bug] if bug else ["manage.py", "chaos"]
    done = subprocess.run(
        [sys.executable, *command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=1200
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr[-3000:]
    return done.returncode, json.loads(lines[-1]), done.stdout + done.stderr[-3000:]


@pytest.mark.timeout(300)
def test_bots_that_are_killed_lose_nothing_and_do_nothing_twice():
    """Real processes on two days, lives of the cheap kind on the third; seed 1."""
    code, result, said = chaos("--runs", 1, "--seed", 1, "--lives", 15)
    assert code == 0 and not any(result[name] for name in WRONG), said
    assert result["orders"] and result["days"] == 3 and result["process_runs"] > 15, said


@pytest.mark.timeout(300)
def test_an_order_that_is_sent_again_after_silence_is_found():
    """A judge that cannot fail proves nothing."""
    code, result, said = chaos(
        "--kind", "points", "--runs", 1, "--days", 1, "--lives", 15, "--faults", "egw00300_after_acceptance",
        bug="resent_when_unknown",
    )  # fmt: skip
    assert code == 1 and result["duplicates"], said
    assert "repeat: ./run chaos" in said and "journals" in said


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("bug", "arguments", "loss"),
    [
        ("fills_forgotten", ("--seed", 1, "--faults", "slow_answer"), "lost"),
        ("silence_taken_for_proof", ("--seed", 1, "--faults", "egw00300_after_acceptance,list_lags"), "needs_person"),
        ("limits_not_counted", ("--seed", 128, "--faults", "slow_answer"), "limit_breaches"),
    ],
)
def test_further_planted_bugs_are_found(bug, arguments, loss):
    code, result, said = chaos("--kind", "points", "--runs", 1, "--days", 1, "--lives", 30, *arguments, bug=bug)
    assert code == 1 and result[loss], said


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["both", "points"])
def test_more_runs_lose_nothing_either(kind):
    code, result, said = chaos("--runs", 5, "--seed", 2, "--kind", kind)
    assert code == 0 and not any(result[name] for name in WRONG), said

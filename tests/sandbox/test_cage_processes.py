"""The workers: one pool in a process, lazily; a death in it is nobody else's; a fork is survived."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from market.data import MarketData
from market.words import Action
from rules.domain import Rule, StrategyBroke, Wish
from rules.sandbox import CagedProgram, relay
from rules.sandbox.limits import WORKER_MEMORY
from rules.sandbox.workers import WORKERS, CageAway

GOOD = """
def decide(market, position, params):
    n = 20
    return "enter" if market.price > indicator("sma", n) else None
"""
SLOW = "def decide(market, position, params):\n    while True:\n        pass\n"


def _worker() -> int:
    assert WORKERS.pool is not None
    with WORKERS.pool.checkout() as session:
        pid = session.worker_pid
    assert pid is not None
    return pid


def test_nothing_is_started_before_the_first_call() -> None:
    code = (
        "import rules.sandbox, rules.sandbox.workers as w; print(w.WORKERS.pool, rules.sandbox.relay._HELPER.process)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "None"]


def test_a_killed_worker_is_replaced_within_the_same_decision(market_of: Callable[..., MarketData], rule: Rule) -> None:
    program, market = CagedProgram(GOOD), market_of()
    assert program.decide(market, rule) == Wish(Action.ENTRY)
    os.kill(_worker(), signal.SIGKILL)
    assert program.decide(market, rule) == Wish(Action.ENTRY)


def test_a_worker_that_broke_a_limit_is_not_used_again(market_of: Callable[..., MarketData], rule: Rule) -> None:
    market = market_of()
    CagedProgram(GOOD).decide(market, rule)
    before = _worker()
    with pytest.raises(StrategyBroke):
        CagedProgram(SLOW).decide(market, rule)
    assert CagedProgram(GOOD).decide(market, rule) == Wish(Action.ENTRY)
    assert _worker() != before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's call is Linux's")
def test_the_kernel_holds_a_worker_too(market_of: Callable[..., MarketData], rule: Rule) -> None:
    CagedProgram(GOOD).decide(market_of(), rule)
    limits = Path(f"/proc/{_worker()}/limits").read_text()
    assert f"Max address space         {WORKER_MEMORY}" in limits
    assert "Max file size             0" in limits
    assert Path(f"/proc/{_worker()}/environ").read_bytes().strip(b"\0") == b""


def test_a_pool_that_is_gone_is_started_again(market_of: Callable[..., MarketData], rule: Rule) -> None:
    WORKERS.close()
    assert CagedProgram(GOOD).decide(market_of(), rule) == Wish(Action.ENTRY)


def test_without_a_worker_it_says_that_the_machine_is_at_fault(
    market_of: Callable[..., MarketData], rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    WORKERS.close()
    with monkeypatch.context() as broken:
        broken.setenv("MONTY_BIN", "/nowhere/monty")
        with pytest.raises(CageAway) as away:
            CagedProgram(GOOD).decide(market_of(), rule)
    assert "did not start" in away.value.text.en
    assert "/nowhere" not in str(away.value.text)
    assert CagedProgram(GOOD).decide(market_of(), rule) == Wish(Action.ENTRY)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_decides_too_and_leaves_its_parent_alone(
    market_of: Callable[..., MarketData], rule: Rule
) -> None:
    program, market = CagedProgram(GOOD), market_of()
    assert program.decide(market, rule) == Wish(Action.ENTRY)
    mine = _worker()
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            assert WORKERS.inherited
            assert program.decide(market, rule) == Wish(Action.ENTRY)
            with pytest.raises(StrategyBroke, match="50 ms"):
                CagedProgram(SLOW).decide(market, rule)
            assert program.decide(market, rule) == Wish(Action.ENTRY)
            relay._HELPER.close()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert program.decide(market, rule) == Wish(Action.ENTRY)
    assert _worker() == mine


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_workers_of_a_killed_process_end(tmp_path: Path) -> None:
    code = (
        "import time\nfrom rules.sandbox import check_code\nfrom rules.sandbox.workers import WORKERS\n"
        "check_code('def decide(market, position, params):\\n    return None\\n')\n"
        "with WORKERS.pool.checkout() as s: print(s.worker_pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    ends = time.monotonic() + 5
    while _runs(worker) and time.monotonic() < ends:
        time.sleep(0.01)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    """Whether it still does; one that ended may wait for somebody to take note of it."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_worker_that_was_kept_waiting_switches_no_strategy_off(
    market_of: Callable[..., MarketData], rule: Rule
) -> None:
    counting = CagedProgram("def decide(market, position, params):\n    for n in range(50_000):\n        pass\n")
    market = market_of()
    counting.decide(market, rule)
    worker = _worker()

    def hold() -> None:
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.08)  # longer than the limit: this is the busy machine
        with contextlib.suppress(ProcessLookupError):  # given up and replaced meanwhile
            os.kill(worker, signal.SIGCONT)

    holder = threading.Thread(target=hold)
    holder.start()
    assert counting.decide(market, rule) == Wish(Action.NONE)
    holder.join()

"""For tests: the simulator as a process of its own, and a small client of its control server.

with start(switches={"rate_paper": 0}) as kis:
    kis.ready["paper"]["rest"], kis.accounts("paper")[0]["app_key"]
    kis.pin("NVDA", "100.00")
    kis.fault("accept_then_timeout", count=1)
    kis.orders(account_no)
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from kis.simulator import scenarios
from kis.simulator.settings import load_yaml

START_SECONDS = 30.0


class ControlError(Exception):
    """The control server refused; `status` and its sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Control:
    """The control server's endpoints as methods. Raises ControlError."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call, its answer as Python values."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise ControlError(e.code, json.load(e)["error"]) from None

    def state(self) -> dict[str, Any]:
        return self.call("GET", "/state")

    def account(self, account_no: str) -> dict[str, Any]:
        """Cash, holdings and orders of one account, as the broker sees them."""
        return next(a for a in self.state()["accounts"] if a["account_no"] == account_no)

    def orders(self, account_no: str | None = None) -> list[dict[str, Any]]:
        """Every row of the broker's book, amends and cancels included (`kind`)."""
        query = f"?account_no={account_no}" if account_no else ""
        return self.call("GET", "/orders" + query)["orders"]

    def calls(self) -> list[dict[str, Any]]:
        """Answers counted by app key, path, HTTP status and code."""
        return self.call("GET", "/calls")["calls"]

    def calendar(self, **span: Any) -> list[dict[str, Any]]:
        """Days with their sessions; `days` ahead, or `from_` and `to` as dates."""
        query = urllib.parse.urlencode({name.rstrip("_"): value for name, value in span.items()})
        return self.call("GET", "/calendar" + (f"?{query}" if query else ""))["days"]

    def clock(self, **change: Any) -> dict[str, Any]:
        """Turn the clock: `mode` (real, fast, frozen, stepped), `speed`. Answers now, mode and speed."""
        return self.call("POST", "/clock", change)

    def advance(self, seconds: float) -> dict[str, Any]:
        """Jump ahead; when this returns, all that lies between has happened."""
        return self.call("POST", "/clock", {"advance": seconds})

    def set_time(self, moment: datetime | str) -> dict[str, Any]:
        """Jump to a moment that is not past; when this returns, all that lies between has happened."""
        return self.call("POST", "/clock", {"set": str(moment)})

    def now(self) -> datetime:
        """The simulated moment."""
        return datetime.fromisoformat(self.state()["now"])

    def push_tick(self, symbol: str, price: Any, size: int = 100, **quote: Any) -> None:
        """One trade, now; `bid`, `ask`, `bid_size`, `ask_size` if wished. From then on the symbol trades only so."""
        texts = {name: str(quote[name]) for name in ("bid", "ask") if name in quote}
        self.call("POST", "/ticks", {"symbol": symbol, "price": str(price), "size": size, **quote, **texts})

    def pin(self, symbol: str, price: Any) -> None:
        """Hold a symbol's price, from the next tick on."""
        self.call("POST", "/price", {"symbol": symbol, "price": str(price)})

    def unpin(self, symbol: str | None = None) -> None:
        self.call("POST", "/unpin", {"symbol": symbol} if symbol else {})

    def pause(self, paused: bool = True) -> None:
        """No trades while paused; orders are still taken."""
        self.call("POST", "/pause", {"paused": paused})

    def step(self, ticks: int = 1) -> None:
        self.call("POST", "/step", {"ticks": ticks})

    def phone_order(self, account_no: str, symbol: str, side: str, qty: int, price: Any, **more: Any) -> dict[str, Any]:
        """An order of the same customer through another channel (`channel`, 모바일 unless said)."""
        order = {"account_no": account_no, "symbol": symbol, "side": side, "qty": qty, "price": str(price)}
        return self.call("POST", "/orders", {**order, **more})

    def fault(self, name: str, **options: Any) -> dict[str, Any]:
        """Switch a fault on: `probability` or `count`, `match`, `seconds`."""
        return self.call("POST", "/faults", {"name": name, **options})

    def faults(self) -> dict[str, Any]:
        return self.call("GET", "/faults")

    def clear_faults(self, name: str | None = None) -> None:
        query = f"?name={urllib.parse.quote(name)}" if name else ""
        self.call("DELETE", "/faults" + query)


class Simulated:
    """A running simulator: `info` is its ready line, `control` its control server."""

    def __init__(self, info: dict[str, Any], process: subprocess.Popen[str]) -> None:
        self.info = info
        self.control = Control(info["control"])
        self.process = process

    def accounts(self, environment: str | None = None) -> list[dict[str, str]]:
        """The accounts of the ready line, of one environment if given."""
        return [a for a in self.info["accounts"] if environment in (None, a["environment"])]

    def stop(self) -> int:
        """SIGTERM and wait; the exit code."""
        return _stop(self.process)

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up. Returns when it is gone."""
        self.process.kill()
        self.process.wait()


def wait_for[T](look: Callable[[], T], seconds: float = 10.0) -> T:
    """Ask until the answer is true; raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"not true within {seconds} s")


def _stop(process: subprocess.Popen[str]) -> int:
    process.terminate()
    try:
        return process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextmanager
def start(
    *,
    accounts: list[dict[str, Any]] | None = None,
    faults: list[dict[str, Any]] | None = None,
    scenario: dict[str, Any] | str | None = None,
    switches: dict[str, Any] | None = None,
    seed: int | None = None,
    book: str | Path | None = None,
    speed: float | None = None,
    clock: dict[str, Any] | str | None = None,
    at: datetime | str | None = None,
    rest_port: int = 0,
    ws_port: int = 0,
) -> Iterator[Simulated]:
    """Run the simulator for the length of a `with` block.

    `switches` are those of `kis.simulator.settings.Switches`; `scenario` is a scenario file's mapping, or the name of
    one that ships; `accounts` and `faults` are the lists that the files of those options hold. `book` is the file in
    which the broker remembers: start it again with the same one after a `kill()`. `speed` is that of a fast market;
    `clock` the scenario's mapping of this name, or only its mode; `at` the moment at which it starts.
    """
    with tempfile.TemporaryDirectory(prefix="kis-simulator-") as folder:
        whole = load_yaml(scenarios.find(scenario)) if isinstance(scenario, str) else dict(scenario or {})
        if switches:
            whole["switches"] = {**whole.get("switches", {}), **switches}
        if clock is not None:
            whole["clock"] = {"mode": clock} if isinstance(clock, str) else clock
        if at is not None:
            whole["start"] = str(at)
        if "candles" in whole:
            whole["candles"] = {symbol: str(Path(file).absolute()) for symbol, file in whole["candles"].items()}
        command = [sys.executable, "-m", "kis.simulator"]
        command += ["--rest-port", str(rest_port), "--ws-port", str(ws_port)]
        command += [] if seed is None else ["--seed", str(seed)]
        command += [] if speed is None else ["--speed", str(speed)]
        command += [] if book is None else ["--book", str(Path(book).absolute())]
        for name, value in (("scenario", whole), ("accounts", accounts), ("faults", faults)):
            if value:
                path = Path(folder) / f"{name}.json"  # JSON is YAML
                path.write_text(json.dumps(value, default=str), encoding="utf-8")
                command += [f"--{name}", str(path)]
        with _running(command) as simulated:
            yield simulated


@contextmanager
def _running(command: list[str]) -> Iterator[Simulated]:
    root = Path(__file__).resolve().parents[2]
    # Its standard input is ours: when the tests are killed it ends, and the simulator with it.
    process = subprocess.Popen(
        [*command, "--until-stdin-ends"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if readable else ""
        if not line:
            process.kill()
            raise RuntimeError(f"the simulator did not start (exit code {process.wait()}); see its stderr above")
        simulated = Simulated(json.loads(line), process)
        yield simulated
    finally:
        if process.poll() is None:
            _stop(process)
        process.stdin.close()
        process.stdout.close()

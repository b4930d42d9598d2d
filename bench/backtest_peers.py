"""One of the other backtesters on one series, in a process and an environment of its own. Prints one JSON line.

    python bench/backtest_peers.py backtesting|backtrader|vectorbt SERIES.npz sma|rsi
    python bench/backtest_peers.py goog SERIES.npz        writes the sample that backtesting.py carries

Each trades as ours does: a decision on a close, filled at the next open, floor(amount / close) shares, no costs.
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

AMOUNT, CASH = 10_000.0, 1e9  # cash never binds: what is compared is when each trades
warnings.simplefilter("ignore")


def wilder_rsi(close: np.ndarray, n: int = 14) -> np.ndarray:
    """Wilder's, begun with plain means, as TA-Lib has it; for the peers that have none."""
    from scipy.signal import lfilter

    change = np.diff(close)
    found = np.full(len(close), np.nan)

    def smoothed(values: np.ndarray) -> np.ndarray:
        seed = values[:n].mean()
        rest, _ = lfilter([1 / n], [1, -(1 - 1 / n)], values[n:], zi=[seed * (1 - 1 / n)])
        return np.concatenate(([seed], rest))

    up, down = smoothed(np.maximum(change, 0)), smoothed(np.maximum(-change, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found[n:] = 100 * up / (up + down)
    return found


def signals(fast: np.ndarray, slow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    above = np.append(False, (fast[:-1] <= slow[:-1]) & (fast[1:] > slow[1:]))
    below = np.append(False, (fast[:-1] >= slow[:-1]) & (fast[1:] < slow[1:]))
    return above, below


def load(path: str) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def goog(path: str) -> None:
    from backtesting.test import GOOG

    start = GOOG.index.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
    columns = {name: GOOG[name.title()].to_numpy(float) for name in ("open", "high", "low", "close", "volume")}
    np.savez(path, start=start.to_numpy().astype("M8[s]").astype(np.int64), **columns)


def frame(series: dict[str, np.ndarray]):
    import pandas as pd

    names = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({n.title(): series[n] for n in names}, index=pd.to_datetime(series["start"], unit="s"))


def by_backtesting(series: dict[str, np.ndarray], rule: str):
    from backtesting import Backtest, Strategy
    from backtesting import backtesting as module

    module._tqdm = lambda values, **_: values  # its progress bar costs time and says nothing here
    data = frame(series)

    class Cross(Strategy):
        def init(self):
            import pandas as pd

            close = pd.Series(self.data.Close)
            self.fast = self.I(lambda: close.rolling(10).mean().to_numpy(), plot=False)
            self.slow = self.I(lambda: close.rolling(30).mean().to_numpy(), plot=False)

        def next(self):
            fast, slow = self.fast, self.slow
            if not self.position:
                if fast[-2] <= slow[-2] and fast[-1] > slow[-1]:
                    self.buy(size=int(AMOUNT / self.data.Close[-1]))
            elif fast[-2] >= slow[-2] and fast[-1] < slow[-1]:
                self.position.close()

    class Levels(Strategy):
        def init(self):
            self.rsi = self.I(lambda: wilder_rsi(np.asarray(self.data.Close)), plot=False)

        def next(self):
            if not self.position:
                if self.rsi[-1] < 30:
                    self.buy(size=int(AMOUNT / self.data.Close[-1]))
            elif self.rsi[-1] > 70:
                self.position.close()

    def run():
        found = Backtest(data, Cross if rule == "sma" else Levels, cash=CASH, commission=0).run()
        trades = found["_trades"]
        return list(zip(trades["EntryBar"].tolist(), trades["ExitBar"].tolist(), strict=True))

    return run


def by_backtrader(series: dict[str, np.ndarray], rule: str):
    import backtrader as bt

    data = frame(series)

    class Base(bt.Strategy):
        def __init__(self):
            self.done, self.entered = [], None
            if rule == "sma":
                self.fast, self.slow = bt.ind.SMA(self.data, period=10), bt.ind.SMA(self.data, period=30)
            else:
                self.rsi = bt.ind.RSI(self.data, period=14, safediv=True)

        def notify_order(self, order):
            if order.status == order.Completed:
                bar = len(self.data) - 1
                if order.isbuy():
                    self.entered = bar
                else:
                    self.done.append((self.entered, bar))

        def next(self):
            if rule == "sma":
                fast, slow = self.fast, self.slow
                buys = fast[-1] <= slow[-1] and fast[0] > slow[0]
                sells = fast[-1] >= slow[-1] and fast[0] < slow[0]
            else:
                buys, sells = self.rsi[0] < 30, self.rsi[0] > 70
            if not self.position:
                if buys:
                    self.buy(size=int(AMOUNT / self.data.close[0]))
            elif sells:
                self.close()

    def run():
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=data))
        cerebro.addstrategy(Base)
        cerebro.broker.setcash(CASH)
        return cerebro.run()[0].done

    return run


def by_vectorbt(series: dict[str, np.ndarray], rule: str):
    import vectorbt as vbt

    data = frame(series)
    close, opened = data["Close"], data["Open"]

    def run():
        if rule == "sma":
            fast, slow = (vbt.MA.run(close, n).ma.to_numpy() for n in (10, 30))
            buys, sells = signals(fast, slow)
        else:
            rsi = wilder_rsi(close.to_numpy())
            buys, sells = rsi < 30, rsi > 70
        size = np.floor(AMOUNT / close.to_numpy())
        buys, sells, size = (np.append(values[:1] * 0, values[:-1]) for values in (buys, sells, size))
        portfolio = vbt.Portfolio.from_signals(
            opened, buys.astype(bool), sells.astype(bool), size=size, init_cash=CASH, freq="1min"
        )
        records = portfolio.trades.records_arr
        closed = records["status"] == 1
        return list(zip(records["entry_idx"][closed].tolist(), records["exit_idx"][closed].tolist(), strict=True))

    return run


PEERS = {"backtesting": by_backtesting, "backtrader": by_backtrader, "vectorbt": by_vectorbt}


def timed(run) -> tuple[dict[str, float], list]:
    wall, cpu = time.perf_counter(), time.process_time()
    trades = run()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}, trades


def peak_mb() -> float:
    """The most memory that this process had. What its parent had before is not counted, where the system tells."""
    try:
        with Path("/proc/self/status").open() as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    name, path = sys.argv[1:3]
    if name == "goog":
        goog(path)
        return
    series = load(path)
    began = time.perf_counter(), time.process_time()
    run = PEERS[name](series, sys.argv[3])
    started = {"wall": time.perf_counter() - began[0], "cpu": time.process_time() - began[1]}
    cold, trades = timed(run)
    peak = peak_mb()
    warm = timed(run)[0] if len(series["close"]) < 200_000 or name != "backtrader" else cold
    print(json.dumps({"start": started, "cold": cold, "warm": warm, "peak_mb": peak, "trades": trades}))


if __name__ == "__main__":
    main()

"""A second, slow implementation of every indicator, written from the textbook definitions in plain Python.

It shares nothing with rules/indicators: lists instead of arrays, None for what is not known, exact fractions where
a denominator may vanish. Every function takes a dict of columns and the parameters and answers a list per output.
"""

import itertools
import math
import statistics
from fractions import Fraction


def known(xs):
    return all(x is not None for x in xs)


def rolling(f, n, *series):
    """f of the last n of every series; None where one of them is missing."""
    out = []
    for t in range(len(series[0])):
        windows = [s[max(0, t - n + 1) : t + 1] for s in series]
        out.append(f(*windows) if t >= n - 1 and all(known(w) for w in windows) else None)
    return out


def each(f, *series):
    return [f(*xs) if known(xs) else None for xs in zip(*series, strict=True)]


def shift(xs, k):
    return [xs[t - k] if t >= k else None for t in range(len(xs))]


def ratio(a, b, otherwise=None):
    return otherwise if b == 0 else a / b


def mean(xs):
    return math.fsum(xs) / len(xs)


def exact_mean(n, *series):
    """Of decimals of eight places."""
    eight = [[None if x is None else round(Fraction(x) * 10**8) for x in s] for s in series]
    return rolling(lambda *ws: float(Fraction(sum(map(sum, ws)), 10**8 * n * len(ws))), n, *eight)


def seeded(xs, n, a):
    """First value: the mean of the first n; then a·x + (1 − a)·y."""
    out, y, seen = [], None, []
    for x in xs:
        if x is None:
            out.append(None)
            continue
        if y is None:
            seen.append(x)
            y = mean(seen) if len(seen) == n else None
        else:
            y = a * x + (1 - a) * y
        out.append(y)
    return out


def ema(xs, n):
    return seeded(xs, n, 2 / (n + 1))


def wilder(xs, n):
    return seeded(xs, n, 1 / n)


def minus(a, b):
    return each(lambda x, y: x - y, a, b)


def weighted(xs, weights):
    return rolling(lambda w: math.fsum(x * k for x, k in zip(w, weights, strict=True)) / sum(weights), len(weights), xs)


def linear(xs, n):
    return weighted(xs, range(1, n + 1))


def change(xs):
    return minus(xs, shift(xs, 1))


def percent(xs, n):
    return each(lambda x, y: ratio(100 * (x - y), y), xs, shift(xs, n))


def true_range(b):
    return each(
        lambda h, low, before: max(h - low, abs(h - before), abs(low - before)),
        b["high"],
        b["low"],
        shift(b["close"], 1),
    )


def up_down(xs, n):
    moves = change(xs)
    return wilder(each(lambda m: max(m, 0), moves), n), wilder(each(lambda m: max(-m, 0), moves), n)


def following(xs, alphas, start):
    out = [None] * len(xs)
    y = xs[start - 1] if len(xs) > start else None
    for t in range(start, len(xs)):
        y = alphas[t] * xs[t] + (1 - alphas[t]) * y
        out[t] = y
    return out


# ---- moving averages


def sma(b, n):
    return [exact_mean(n, b["close"])]


def ema_(b, n):
    return [ema(b["close"], n)]


def dema(b, n):
    one = ema(b["close"], n)
    return [each(lambda x, y: 2 * x - y, one, ema(one, n))]


def tema(b, n):
    one = ema(b["close"], n)
    two = ema(one, n)
    return [each(lambda x, y, z: 3 * x - 3 * y + z, one, two, ema(two, n))]


def hma(b, n):
    inner = each(lambda x, y: 2 * x - y, linear(b["close"], round(n / 2)), linear(b["close"], n))
    return [linear(inner, round(n**0.5))]


def kama(b, n):
    c = b["close"]
    way = rolling(lambda w: sum(abs(Fraction(y) - Fraction(x)) for x, y in itertools.pairwise(w)), n + 1, c)
    alphas = [
        None
        if w is None
        else (float(ratio(abs(Fraction(c[t]) - Fraction(c[t - n])), w, 1)) * (2 / 3 - 2 / 31) + 2 / 31) ** 2
        for t, w in enumerate(way)
    ]
    return [following(c, alphas, n)]


def alma(b, n, sigma, offset):
    m, s = math.floor(offset * (n - 1)), n / sigma
    return [weighted(b["close"], [math.exp(-((k - m) ** 2) / (2 * s**2)) for k in range(n)])]


def lwma(b, n):
    return [linear(b["close"], n)]


def trima(b, n):
    first, second = (n // 2, n // 2 + 1) if n % 2 == 0 else ((n + 1) // 2,) * 2
    return [rolling(mean, second, rolling(mean, first, b["close"]))]


def t3(b, n, v):
    e = [b["close"]]
    for _ in range(6):
        e.append(ema(e[-1], n))
    a = (-(v**3), 3 * v**2 + 3 * v**3, -6 * v**2 - 3 * v - 3 * v**3, 1 + 3 * v + v**3 + 3 * v**2)
    return [each(lambda x6, x5, x4, x3: a[0] * x6 + a[1] * x5 + a[2] * x4 + a[3] * x3, e[6], e[5], e[4], e[3])]


def zlema(b, n):
    c = b["close"]
    return [ema(each(lambda x, y: x + (x - y), c, shift(c, round((n - 1) / 2))), n)]


def wma(b, n):
    return [wilder(b["close"], n)]


def frama(b, n):
    half = n // 2
    spread = lambda k: rolling(lambda h, low: (max(h) - min(low)) / k, k, b["high"], b["low"])  # noqa: E731
    newer, both = spread(half), spread(2 * half)

    def alpha(n1, n2, n3):
        if n1 + n2 <= 0 or n3 <= 0:
            return 1.0
        dimension = math.log2((n1 + n2) / n3)
        return min(max(math.exp(math.log(2 / 199) * (dimension - 1)), 0.01), 1)

    alphas = each(alpha, newer, shift(newer, half), both)
    return [following(each(lambda h, low: (h + low) / 2, b["high"], b["low"]), alphas, 2 * half)]


def vidya(b, n):
    alphas = each(lambda u, d: 2 / (n + 1) * ratio(abs(u - d), u + d, 0), *up_down(b["close"], n))
    return [following(b["close"], alphas, n)]


# ---- oscillators


def rsi(b, n):
    return [
        each(lambda u, d: None if u + d == 0 else 100 if d == 0 else 100 - 100 / (1 + u / d), *up_down(b["close"], n))
    ]


def stochastic(b, k, d):
    fast = rolling(
        lambda h, low, c: ratio(100 * (c[-1] - min(low)), max(h) - min(low), 0), k, b["high"], b["low"], b["close"]
    )
    return [fast, rolling(mean, d, fast)]


def stochrsi(b, r, s, k, d):
    raw = rolling(
        lambda w: ratio(100 * (w[-1] - min(w)), max(w) - min(w) if max(w) - min(w) > 1e-9 else 0, 100), s, rsi(b, r)[0]
    )
    smooth = rolling(mean, k, raw)
    return [smooth, rolling(mean, d, smooth)]


def macd(b, fast, slow, signal):
    line = minus(ema(b["close"], fast), ema(b["close"], slow))
    return [line, ema(line, signal), minus(line, ema(line, signal))]


def cci(b, n):
    typical = each(lambda h, low, c: Fraction(round(h + low + c, 8)) / 3, b["high"], b["low"], b["close"])

    def index(w):
        middle = sum(w) / n
        return float(ratio(w[-1] - middle, Fraction(15, 1000) * sum(abs(x - middle) for x in w) / n, Fraction(0)))

    return [rolling(index, n, typical)]


def williams_r(b, n):
    return [
        rolling(
            lambda h, low, c: ratio(-100 * (max(h) - c[-1]), max(h) - min(low), 0), n, b["high"], b["low"], b["close"]
        )
    ]


def roc(b, n):
    return [percent(b["close"], n)]


def apo(b, fast, slow):
    return [minus(ema(b["close"], fast), ema(b["close"], slow))]


def ppo(b, fast, slow):
    line = each(lambda f, s: ratio(100 * (f - s), s), ema(b["close"], fast), ema(b["close"], slow))
    return [line, ema(line, 9), minus(line, ema(line, 9))]


def aroon(b, up_n, down_n):
    def place(w, best):
        return 100 * max(i for i, x in enumerate(w) if x == best(w)) / (len(w) - 1)

    up = rolling(lambda w: place(w, max), up_n + 1, b["high"])
    down = rolling(lambda w: place(w, min), down_n + 1, b["low"])
    return [minus(up, down), up, down]


def cmo(b, n):
    return [each(lambda u, d: 100 * ratio(u - d, u + d, 0), *up_down(b["close"], n))]


def ao(b, fast, slow):
    return [minus(exact_mean(fast, b["high"], b["low"]), exact_mean(slow, b["high"], b["low"]))]


def cho(b, fast, slow):
    return [minus(ema(ad(b)[0], fast), ema(ad(b)[0], slow))]


def ultosc(b, *periods):
    before = shift(b["close"], 1)
    pressure = each(lambda c, low, y: c - min(low, y), b["close"], b["low"], before)
    parts = [rolling(lambda p, r: ratio(math.fsum(p), math.fsum(r)), n, pressure, true_range(b)) for n in periods]
    return [each(lambda x, y, z: 100 * (4 * x + 2 * y + z) / 7, *parts)]


def trix(b, n):
    return [percent(ema(ema(ema(b["close"], n), n), n), 1)]


def tsi(b, long, short, signal):
    moves = change(b["close"])
    net = ema(ema(moves, long), short)
    gross = ema(ema(each(abs, moves), long), short)
    line = each(lambda x, y: 100 * ratio(x, y, 0), net, gross)
    return [line, ema(line, signal)]


def rvi(b, n):
    body, width = minus(b["close"], b["open"]), minus(b["high"], b["low"])
    smooth = lambda xs: rolling(lambda w: (w[3] + 2 * w[2] + 2 * w[1] + w[0]) / 6, 4, xs)  # noqa: E731
    return [rolling(lambda v, w: ratio(math.fsum(v), math.fsum(w), 0), n, smooth(body), smooth(width))]


def dpo(b, n):
    return [minus(shift(b["close"], n // 2 + 1), sma(b, n)[0])]


def kvo(b, fast, slow, signal):
    bars = list(zip(b["high"], b["low"], b["close"], b["volume"], strict=True))
    force, trend, cm = [None], 0, 0
    for (h0, l0, c0, _), (h, low, c, v) in itertools.pairwise(bars):
        now = 1 if round(h + low + c, 8) > round(h0 + l0 + c0, 8) else -1
        cm = cm + (h - low) if now == trend else (h0 - l0) + (h - low)
        trend = now
        force.append(0 if cm == 0 else v * abs(2 * ((h - low) / cm - 1)) * trend * 100)
    force = force[: len(bars)]
    line = minus(ema(force, fast), ema(force, slow))
    return [line, ema(line, signal)]


# ---- trend


def directional(b, n):
    """Wilder's sums begin with n − 1 bars."""
    plus_dm, minus_dm = [None], [None]
    for t in range(1, len(b["high"])):
        up, down = b["high"][t] - b["high"][t - 1], b["low"][t - 1] - b["low"][t]
        plus_dm.append(up if up > down and up > 0 else 0)
        minus_dm.append(down if down > up and down > 0 else 0)

    def summed(xs):
        out, total = [], 0
        for t, x in enumerate(xs):
            if t >= 1:
                total = total + x if t < n else total - total / n + x
            out.append(total if t >= n else None)
        return out

    ranges = summed(true_range(b))
    return [each(lambda m, r: 100 * ratio(m, r, 0), summed(dm[: len(ranges)]), ranges) for dm in (plus_dm, minus_dm)]


def adx(b, n):
    plus, less = directional(b, n)
    line, first, y = [], [], None
    for p, m in zip(plus, less, strict=True):
        if p is not None and y is None:
            first.append(100 * ratio(abs(p - m), p + m, 0))
            y = mean(first) if len(first) == n else None
        elif p is not None and p + m != 0:
            y = (y * (n - 1) + 100 * abs(p - m) / (p + m)) / n
        line.append(y)
    return [line, plus, less]


def adxr(b, n):
    line = adx(b, n)[0]
    return [each(lambda x, y: (x + y) / 2, line, shift(line, n - 1))]


def ichimoku(b, tenkan, kijun, senkou):
    middle = lambda n: rolling(lambda h, low: (max(h) + min(low)) / 2, n, b["high"], b["low"])  # noqa: E731
    a = each(lambda x, y: (x + y) / 2, middle(tenkan), middle(kijun))
    return [middle(tenkan), middle(kijun), shift(a, kijun), shift(middle(senkou), kijun), shift(b["close"], kijun)]


def sar(b, start, step, most):
    h, low = b["high"], b["low"]
    out = [None] * len(h)
    if len(h) < 2:
        return [out]
    fell = low[0] - low[1]
    long = not (fell > 0 and h[1] - h[0] < fell)
    extreme, line = (h[1], low[0]) if long else (low[1], h[0])
    pace = start
    for t in range(1, len(h)):
        before = max(t - 1, 1)  # at the first step there is only the bar itself
        roof, floor = max(h[before], h[t]), min(low[before], low[t])
        if (low[t] <= line) if long else (h[t] >= line):
            long = not long
            line = min(extreme, floor) if long else max(extreme, roof)
            out[t] = line
            pace, extreme = start, h[t] if long else low[t]
        else:
            out[t] = line
            if (h[t] > extreme) if long else (low[t] < extreme):
                extreme, pace = (h[t] if long else low[t]), min(pace + step, most)
        line += pace * (extreme - line)
        line = min(line, floor) if long else max(line, roof)
    return [out]


def vortex(b, n):
    before = {k: shift(b[k], 1) for k in ("high", "low")}
    up = each(lambda h, y: abs(h - y), b["high"], before["low"])
    down = each(lambda low, y: abs(low - y), b["low"], before["high"])
    return [rolling(lambda m, r: ratio(math.fsum(m), math.fsum(r)), n, moves, true_range(b)) for moves in (up, down)]


def chop(b, n):
    def index(r, h, low):
        width = max(h) - min(low)
        return None if width == 0 else 100 * math.log10(math.fsum(r) / width) / math.log10(n)

    return [rolling(index, n, true_range(b), b["high"], b["low"])]


def kst(b, *rocs):
    parts = [rolling(mean, n, percent(b["close"], r)) for r, n in zip(rocs, (10, 10, 10, 15), strict=True)]
    line = each(lambda x, y, z, w: x + 2 * y + 3 * z + 4 * w, *parts)
    return [line, rolling(mean, 9, line)]


def coppock(b, short, long, wma_n):
    return [linear(each(lambda x, y: x + y, percent(b["close"], short), percent(b["close"], long)), wma_n)]


def supertrend(b, n, multiplier):
    ranges, out, state = wilder(true_range(b), n), [], None
    for t, r in enumerate(ranges):
        if r is None:
            out.append(None)
            continue
        middle, c = (b["high"][t] + b["low"][t]) / 2, b["close"][t]
        upper, lower = middle + multiplier * r, middle - multiplier * r
        if state is None:
            rising = c >= middle
        else:
            old_upper, old_lower, rising = state
            before = b["close"][t - 1]
            upper = upper if upper < old_upper or before > old_upper else old_upper
            lower = lower if lower > old_lower or before < old_lower else old_lower
            rising = c >= lower if rising else c > upper
        state = upper, lower, rising
        out.append(lower if rising else upper)
    return [out]


def mass_index(b, e, s):
    one = ema(minus(b["high"], b["low"]), e)
    return [rolling(math.fsum, s, each(ratio, one, ema(one, e)))]


def schaff(b, cycle, fast, slow):
    def placed(xs, noise):
        place, last = [], None
        for t in range(len(xs)):
            w = xs[max(0, t - cycle + 1) : t + 1]
            if len(w) == cycle and known(w) and max(w) - min(w) > noise[t]:
                last = 100 * (w[-1] - min(w)) / (max(w) - min(w))
            place.append(last)
        return ema(place, 3)

    place = placed(apo(b, fast, slow)[0], [1e-10 * c for c in b["close"]])
    return [placed(place, [1e-9] * len(place))]


def fisher(b, n):
    middle = each(lambda h, low: round(h + low, 8) / 2, b["high"], b["low"])
    place = rolling(lambda w: ratio(w[-1] - min(w), max(w) - min(w), 0.5) - 0.5, n, middle)
    out, x, y = [], 0, 0
    for p in place:
        if p is not None:
            x = max(-0.999, min(0.999, 0.66 * p + 0.67 * x))
            y = math.atanh(x) + 0.5 * y
        out.append(None if p is None else y)
    return [out]


# ---- volume


def flow(b):
    return each(
        lambda h, low, c, v: v * ratio((c - low) - (h - c), h - low, 0), b["high"], b["low"], b["close"], b["volume"]
    )


def running(xs):
    out, total = [], 0
    for x in xs:
        total += x
        out.append(total)
    return out


def obv(b):
    moves = change(b["close"])
    return [
        running(v if m is None else v if m > 0 else -v if m < 0 else 0 for v, m in zip(b["volume"], moves, strict=True))
    ]


def ad(b):
    return [running(flow(b))]


def cmf(b, n):
    return [rolling(lambda f, v: ratio(math.fsum(f), math.fsum(v)), n, flow(b), b["volume"])]


def mfi(b, n):
    typical = each(lambda h, low, c: round(h + low + c, 8) / 3, b["high"], b["low"], b["close"])

    def index(moves, money):
        up = math.fsum(x for m, x in zip(moves, money, strict=True) if m > 0)
        down = math.fsum(x for m, x in zip(moves, money, strict=True) if m < 0)
        return ratio(100 * up, up + down)

    return [rolling(index, n, change(typical), each(lambda p, v: p * v, typical, b["volume"]))]


def force(b, n):
    return [ema(each(lambda m, v: m * v, change(b["close"]), b["volume"]), n)]


def by_volume(prices, volumes, n):
    def price(ps, vs):
        return ratio(float(sum(Fraction(p) * Fraction(v) for p, v in zip(ps, vs, strict=True))), math.fsum(vs))

    return rolling(price, n, prices, volumes)


def vwap(b, n):
    price = each(lambda *xs: sum(xs) / 4, b["open"], b["high"], b["low"], b["close"])
    return [by_volume(price, b["volume"], n)]


def vwma(b, n):
    return [by_volume(b["close"], b["volume"], n)]


def eom(b, n, scale):
    middle = each(lambda h, low: (h + low) / 2, b["high"], b["low"])

    def ease(move, h, low, v):
        return 0 if h == low or v == 0 else move / ((v / scale) / (h - low))

    return [rolling(mean, n, each(ease, change(middle), b["high"], b["low"], b["volume"]))]


# ---- volatility


def atr(b, n):
    return [exact_mean(n, true_range(b))]


def natr(b, n):
    return [each(lambda r, c: ratio(100 * r, c), wilder(true_range(b), n), b["close"])]


def variance_of(xs, n):
    return rolling(lambda w: statistics.pvariance([Fraction(x) for x in w]), n, xs)


def bands(middle, away):
    return [middle, each(lambda m, a: m + a, middle, away), each(lambda m, a: m - a, middle, away)]


def bollinger(b, n, width):
    return bands(sma(b, n)[0], each(lambda x: width * math.sqrt(x), variance_of(b["close"], n)))


def keltner(b, n, multiplier):
    return bands(exact_mean(n, b["high"], b["low"], b["close"]), each(lambda r: multiplier * r, atr(b, n)[0]))


def donchian(b, n):
    return [rolling(max, n, b["high"]), rolling(min, n, b["low"])]


def std(b, n):
    return [each(math.sqrt, variance_of(b["close"], n))]


def variance(b, n):
    return [each(float, variance_of(b["close"], n))]


def accbands(b, n, width):
    w = each(lambda h, low: width * ratio(h - low, h + low, 0), b["high"], b["low"])
    upper = each(lambda h, k: h * (1 + k), b["high"], w)
    lower = each(lambda low, k: low * (1 - k), b["low"], w)
    return [sma(b, n)[0], rolling(mean, n, upper), rolling(mean, n, lower)]


def fractions(xs):
    return each(lambda x, y: ratio(Fraction(x) - Fraction(y), Fraction(y)), xs, shift(xs, 1))


def beta(b, n, symbol):
    def of(xs, ys):
        mx, my = mean(xs), mean(ys)
        together = math.fsum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
        return ratio(together, math.fsum((y - my) ** 2 for y in ys))

    rounded = [each(lambda r: float(r), fractions(b[k])) for k in ("close", "benchmark")]
    return [rolling(of, n, *rounded)]


def alpha(b, n, symbol):
    return [each(lambda r, k, m: r - k * m, percent(b["close"], n), beta(b, n, symbol)[0], percent(b["benchmark"], n))]


def volatility_ind(b, n):
    return [rolling(lambda w: math.sqrt(statistics.variance(w)), n, fractions(b["close"]))]


# ---- misc


def maximum(b, n):
    return [rolling(max, n, b["close"])]


def minimum(b, n):
    return [rolling(min, n, b["close"])]


def midpoint(b, n):
    return [rolling(lambda w: (max(w) + min(w)) / 2, n, b["close"])]


def midprice(b, n):
    return [rolling(lambda h, low: (max(h) + min(low)) / 2, n, b["high"], b["low"])]


def logr(b, n):
    return [each(lambda x, y: math.log1p((x - y) / y) if x > 0 and y > 0 else None, b["close"], shift(b["close"], n))]


def ibs(b):
    return [each(lambda h, low, c: ratio(c - low, h - low, 0.5), b["high"], b["low"], b["close"])]


def bop(b):
    return [each(lambda o, h, low, c: ratio(c - o, h - low, 0), b["open"], b["high"], b["low"], b["close"])]


def regression(b, n):
    lines = rolling(lambda w: statistics.linear_regression(range(1, n + 1), w), n, b["close"])
    return [
        each(lambda line: line.intercept + line.slope * n, lines),
        each(lambda line: line.slope, lines),
        each(lambda line: line.intercept, lines),
    ]


def pivot(b, left, right):
    def latest(xs, beats):
        out, last = [], None
        for t in range(len(xs)):
            p = t - right
            if (
                p >= left
                and all(beats(xs[p], x) for x in xs[p - left : p])
                and not any(beats(x, xs[p]) for x in xs[p + 1 : t + 1])
            ):
                last = xs[p]
            out.append(last)
        return out

    return [latest(b["high"], lambda x, y: x > y), latest(b["low"], lambda x, y: x < y)]


def augen(b, n):
    logs = each(lambda x: None if x is None else float(x), logr(b, 1)[0])
    usual = shift(each(math.sqrt, variance_of(logs, n)), 1)
    return [each(lambda x, y, s: ratio(x - y, y * s), b["close"], shift(b["close"], 1), usual)]


def consecutive(b, direction):
    out, count = [], 0
    for m in change(b["close"]):
        count = count + 1 if m is not None and (m > 0 if direction == "up" else m < 0) else 0
        out.append(None if m is None else count)
    return [out]


def disparity(b, n):
    return [each(lambda c, m: ratio(100 * c, m), b["close"], sma(b, n)[0])]


def one_bar_change(b):
    return [percent(b["close"], 1)]


OTHER_NAMES = {"ema": ema_, "momentum": roc, "returns": roc, "change": one_bar_change, "adl": ad}


def reference(name):
    return OTHER_NAMES.get(name) or globals()[name]

"""Every candle pattern a second time, in plain Python and whole numbers, from its published definition.

Slow, exact and independent: no running sums, no floats. Prices become whole numbers of 1/10^11, so that every
average below divides without a remainder.
"""

from collections.abc import Callable, Sequence

from tests.rules.reference_candle import UNIT, Candle


def doji(a):
    return a.doji


def dragonfly_doji(a):
    return a.doji and a.no_upper and a.some_lower


def gravestone_doji(a):
    return -(a.doji and a.no_lower and a.some_upper)


def long_legged_doji(a):
    return a.doji and max(a.upper, a.lower) > a.body


def rickshaw_man(a):
    middle = a.low + a.range // 2
    return a.doji and min(a.upper, a.lower) > a.body and a.foot <= middle + a.near and a.top >= middle - a.near


def hammer(before, a):
    return a.short and a.lower > a.body and a.no_upper and a.foot <= before.low + before.near


def hanging_man(before, a):
    return -(a.short and a.lower > a.body and a.no_upper and a.foot >= before.high - before.near)


def inverted_hammer(before, a):
    return a.short and a.upper > a.body and a.no_lower and a.below(before)


def shooting_star(before, a):
    return -(a.short and a.upper > a.body and a.no_lower and a.above(before))


def marubozu(a):
    return a.colour * a.marubozu


def closing_marubozu(a):
    return a.colour * (a.long and (a.no_upper if a.white else a.no_lower))


def spinning_top(a):
    return a.colour * (a.short and a.upper > a.body and a.lower > a.body)


def belt_hold(a):
    return a.colour * (a.long and a.bare_at_open)


def high_wave(a):
    return a.colour * (a.short and a.upper > 2 * a.body and a.lower > 2 * a.body)


def opening_marubozu(a):
    return a.colour * (a.long and a.bare_at_open and not a.bare)


def engulfing(a, b):
    holds = b.top >= a.top and b.foot <= a.foot and (b.top > a.top or b.foot < a.foot)
    return b.colour * (a.colour != b.colour and holds)


def _inside(a, b):
    """Within, where ends may be the same."""
    return b.top <= a.top and b.foot >= a.foot


def harami(a, b):
    return -a.colour * (a.long and b.body <= b.mean_body and _inside(a, b))


def harami_cross(a, b):
    return -a.colour * (a.long and b.doji and _inside(a, b))


def piercing(a, b):
    deep = a.close + a.body // 2 < b.close < a.open
    return a.black and a.long and b.white and b.long and b.open < a.low and deep


def dark_cloud_cover(a, b):
    deep = a.open < b.close < a.close - a.body // 2
    return -(a.white and a.long and b.black and b.open > a.high and deep)


def counterattack(a, b):
    return b.colour * (a.colour != b.colour and a.long and b.long and abs(b.close - a.close) <= a.equal)


meeting_lines = counterattack


def _from_below(a, b):
    return a.black and a.long and b.white and b.open < a.low


def on_neck(a, b):
    return -(_from_below(a, b) and abs(b.close - a.low) <= a.equal)


def in_neck(a, b):
    return -(_from_below(a, b) and a.close <= b.close <= a.close + a.equal)


def thrusting(a, b):
    return -(_from_below(a, b) and a.close + a.equal < b.close <= a.close + a.body // 2)


def separating_lines(a, b):
    return b.colour * (a.colour != b.colour and abs(b.open - a.open) <= a.equal and b.long and b.bare_at_open)


def _kicks(a, b):
    gap = b.wholly_above(a) if a.black else b.wholly_below(a)
    return a.colour != b.colour and a.marubozu and b.marubozu and gap


def kicking(a, b):
    return b.colour * _kicks(a, b)


def kicking_by_length(a, b):
    return (b if b.body > a.body else a).colour * _kicks(a, b)


def matching_low(a, b):
    return a.black and b.black and abs(b.close - a.close) <= a.equal


def matching_high(a, b):
    return -(a.close > a.open and b.close > b.open and abs(b.close - a.close) <= a.equal)


def tweezer_top(a, b):
    return -(a.white and b.black and abs(b.high - a.high) <= a.equal)


def tweezer_bottom(a, b):
    return a.black and b.white and abs(b.low - a.low) <= a.equal


def homing_pigeon(a, b):
    return a.black and b.black and a.long and b.body <= b.mean_body and b.within(a)


def dojistar(a, b):
    return -a.colour * (a.long and b.doji and (b.above(a) if a.white else b.below(a)))


def _falls_to_star(a, b):
    return a.black and a.long and b.below(a)


def _rises_to_star(a, b):
    return a.white and a.long and b.above(a)


def _comes_up(a, c):
    return c.white and c.long and c.close > a.close + 3 * a.body // 10


def _comes_down(a, c):
    return c.black and c.long and c.close < a.close - 3 * a.body // 10


def morning_star(a, b, c):
    return _falls_to_star(a, b) and b.body <= b.mean_body and _comes_up(a, c)


def morning_doji_star(a, b, c):
    return _falls_to_star(a, b) and b.doji and _comes_up(a, c)


def evening_star(a, b, c):
    return -(_rises_to_star(a, b) and b.body <= b.mean_body and _comes_down(a, c))


def evening_doji_star(a, b, c):
    return -(_rises_to_star(a, b) and b.doji and _comes_down(a, c))


def abandoned_baby(a, b, c):
    if not (a.long and b.doji):
        return 0
    if a.white:
        return -(b.wholly_above(a) and c.wholly_below(b) and _comes_down(a, c))
    return b.wholly_below(a) and c.wholly_above(b) and _comes_up(a, c)


def three_white_soldiers(a, b, c):
    return (
        all(each.white and each.no_upper for each in (a, b, c))
        and a.close < b.close < c.close
        and b.opens_like_soldier(a)
        and c.opens_like_soldier(b)
        and b.body > a.body - a.far
        and c.body > b.body - b.far
        and c.long
    )


def three_black_crows(before, a, b, c):
    return -(
        before.white
        and all(each.black and each.no_lower for each in (a, b, c))
        and a.open > b.open > a.close
        and b.open > c.open > b.close
        and before.high > a.close > b.close > c.close
    )


def three_inside(a, b, c):
    beyond = c.close > a.open if a.black else c.close < a.open
    return -a.colour * (a.long and b.body <= b.mean_body and b.within(a) and c.colour != a.colour and beyond)


def three_outside(a, b, c):
    further = c.close > b.close if b.white else c.close < b.close
    return b.colour * (a.colour != b.colour and b.engulfs(a) and further)


def three_stars_in_south(a, b, c):
    return (
        all(each.black for each in (a, b, c))
        and a.long
        and a.lower > a.body
        and b.body < a.body
        and a.close < b.open <= a.high
        and a.low <= b.low < a.close
        and b.some_lower
        and c.short
        and c.bare
        and c.low > b.low
        and c.high < b.high
    )


def advance_block(a, b, c):
    advance = (
        all(each.white for each in (a, b, c))
        and a.close < b.close < c.close
        and b.opens_like_soldier(a)
        and c.opens_like_soldier(b)
        and a.long
        and a.upper < a.mean_shadow
    )
    weakens = (
        (b.body < a.body - a.far and c.body < b.body + b.near)
        or c.body < b.body - b.far
        or (c.body < b.body < a.body and (c.upper > c.mean_shadow or b.upper > b.mean_shadow))
        or (c.body < b.body and c.upper > c.body)
    )
    return -(advance and weakens)


def stalled_pattern(a, b, c):
    return -(
        all(each.white for each in (a, b, c))
        and a.close < b.close < c.close
        and a.long
        and b.long
        and b.no_upper
        and b.opens_like_soldier(a)
        and c.short
        and c.open >= b.close - c.body - b.near
    )


deliberation = stalled_pattern


def tasuki_gap(a, b, c):
    if b.colour == c.colour or not abs(b.body - c.body) < b.near or not b.foot < c.open < b.top:
        return 0
    if b.white:
        return b.above(a) and a.top < c.close < b.open
    return -(b.below(a) and b.open < c.close < a.foot)


def upside_tasuki_gap(a, b, c):
    return tasuki_gap(a, b, c) > 0


def downside_tasuki_gap(a, b, c):
    return -(tasuki_gap(a, b, c) < 0)


def upside_gap_two_crows(a, b, c):
    crows = b.black and b.body <= b.mean_body and b.above(a) and c.black and c.engulfs(b)
    return -(a.white and a.long and crows and c.close > a.close)


def unique_three_river(a, b, c):
    second = b.black and b.close > a.close and b.open <= a.open and b.low < a.low
    return a.black and a.long and second and c.white and c.short and c.open > b.low


def stick_sandwich(a, b, c):
    return a.black and b.white and c.black and b.low > a.close and abs(c.close - a.close) <= a.equal


def tristar(a, b, c):
    if any(each.body > a.doji_limit for each in (a, b, c)):
        return 0
    if b.above(a):
        return -(c.top < b.top)
    return b.below(a) and c.foot > b.foot


def identical_three_crows(a, b, c):
    return -(
        all(each.black and each.no_lower for each in (a, b, c))
        and a.close > b.close > c.close
        and abs(b.open - a.close) <= a.equal
        and abs(c.open - b.close) <= b.equal
    )


def two_crows(a, b, c):
    crows = b.black and b.above(a) and c.black and b.close < c.open < b.open
    return -(a.white and a.long and crows and a.open < c.close < a.close)


def up_down_gap_three_methods(a, b, c):
    gap = b.above(a) if a.white else b.below(a)
    fills = b.foot < c.open < b.top and a.foot < c.close < a.top
    return a.colour * (a.colour == b.colour != c.colour and gap and fills)


def gap_side_by_side_white(a, b, c):
    alike = b.white and c.white and abs(c.body - b.body) <= b.near and abs(c.open - b.open) <= b.equal
    if not alike:
        return 0
    return int(b.above(a) and c.above(a)) - int(b.below(a) and c.below(a))


def side_by_side_white_lines(a, b, c):
    return gap_side_by_side_white(a, b, c) > 0


def three_line_strike(a, b, c, d):
    colours = a.colour == b.colour == c.colour != d.colour
    opens = a.foot - a.near <= b.open <= a.top + a.near and b.foot - b.near <= c.open <= b.top + b.near
    if a.white:
        strikes = a.close < b.close < c.close < d.open and d.close < a.open
    else:
        strikes = a.close > b.close > c.close > d.open and d.close > a.open
    return a.colour * (colours and opens and strikes)


def concealing_baby_swallow(a, b, c, d):
    return (
        all(each.black for each in (a, b, c, d))
        and a.bare
        and b.bare
        and c.below(b)
        and c.some_upper
        and c.high > b.close
        and d.high > c.high
        and d.low < c.low
    )


def breakaway(a, b, c, d, e):
    if not (a.long and a.colour == b.colour == d.colour != e.colour):
        return 0
    if a.black:
        falls = b.below(a) and b.high > c.high > d.high and b.low > c.low > d.low
        return falls and b.open < e.close < a.close
    rises = b.above(a) and b.high < c.high < d.high and b.low < c.low < d.low
    return -(rises and a.close < e.close < b.open)


def mat_hold(a, b, c, d, e):
    floor = a.close - a.body // 2
    return (
        a.long
        and a.white
        and b.black
        and e.white
        and all(each.short for each in (b, c, d))
        and b.above(a)
        and all(floor < each.foot < a.close for each in (c, d))
        and c.top < b.open
        and d.top < c.top
        and e.open > d.close
        and e.close > max(b.high, c.high, d.high)
    )


def _three_methods(a, b, c, d, e):
    sign = a.colour
    rests = (b, c, d)
    return sign * (
        a.long
        and e.long
        and e.colour == sign
        and all(each.short and each.colour == -sign for each in rests)
        and all(each.foot < a.high and each.top > a.low for each in rests)
        and sign * b.close > sign * c.close > sign * d.close
        and sign * e.open > sign * d.close
        and sign * e.close > sign * a.close
    )


def rising_three_methods(*candles):
    return _three_methods(*candles) > 0


def falling_three_methods(*candles):
    return -(_three_methods(*candles) < 0)


def ladder_bottom(a, b, c, d, e):
    return (
        all(each.black for each in (a, b, c, d))
        and a.open > b.open > c.open
        and a.close > b.close > c.close
        and d.some_upper
        and e.white
        and e.open > d.open
        and e.close > d.high
    )


# Bars before the first candle that the averages read: 10 for long, short, doji and shadows, 5 for near and equal.
BEFORE = {
    "up_down_gap_three_methods": 0,
    "engulfing": 1,  # needs none; the library begins one bar late
    "three_outside": 1,
    "gap_side_by_side_white": 5,
    "side_by_side_white_lines": 5,
    "matching_high": 5,
    "matching_low": 5,
    "stick_sandwich": 5,
    "three_line_strike": 5,
    "tasuki_gap": 5,
    "downside_tasuki_gap": 5,
    "upside_tasuki_gap": 5,
    "tweezer_bottom": 5,
    "tweezer_top": 5,
}


def reference(name: str) -> Callable[[Sequence[Sequence[float]]], list[int]]:
    """Signals of this pattern over rows of (open, high, low, close)."""
    shape = globals()[name]
    candles = shape.__code__.co_argcount or 5

    def run(rows: Sequence[Sequence[float]]) -> list[int]:
        series: list[Candle] = []
        for at, row in enumerate(rows):
            series.append(Candle(series, at, *(round(price * 10**8) * UNIT for price in row)))
        first = BEFORE.get(name, 10) + candles - 1
        return [int(shape(*series[at + 1 - candles : at + 1])) if at >= first else 0 for at in range(len(rows))]

    return run

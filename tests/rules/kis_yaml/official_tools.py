"""The official tools' own strict rules for a strategy file, written down a second time and on their own.

Each reader answers what its tool would make of a text, as plain tuples without aliases, or raises Refused. It shares
nothing with the program: not the YAML reading (PyYAML's resolvers here), not the tables, not the tree.

    operand    ("price", "close") | ("sma", (("period", 20),), "value")
    condition  (operand, ">", operand or number, scalar or None) | ("candle", "engulfing", "bullish")
"""

import keyword
import re

import yaml

PRICES = {"close", "open", "high", "low", "volume", "price"}
OPERATORS_OF_BACKTESTER = {
    "greater_than": ">", "gt": ">", ">": ">", "less_than": "<", "lt": "<", "<": "<", "greater_equal": ">=",
    "gte": ">=", ">=": ">=", "less_equal": "<=", "lte": "<=", "<=": "<=", "equal": "==", "==": "==",
    "not_equal": "!=", "!=": "!=", "cross_above": "xa", "crosses_above": "xa", "crossover": "xa",
    "cross_below": "xb", "crosses_below": "xb", "crossunder": "xb",
}  # fmt: skip
OPERATORS_OF_BUILDER = {
    "greater_than": ">", "gt": ">", "less_than": "<", "lt": "<", "greater_equal": ">=", "gte": ">=",
    "less_equal": "<=", "lte": "<=", "equals": "==", "eq": "==", "cross_above": "xa", "crosses_above": "xa",
    "cross_below": "xb", "crosses_below": "xb",
}  # fmt: skip
OUTPUTS = {
    "stochastic": "k d", "stochrsi": "k d", "macd": "value signal histogram", "ppo": "value signal histogram",
    "aroon": "value aroon_up aroon_down", "tsi": "value signal", "kvo": "value signal",
    "adx": "value plus_di minus_di", "ichimoku": "tenkan kijun senkou_a senkou_b chikou",
    "vortex": "plus_vi minus_vi", "kst": "value signal", "bollinger": "middle upper lower",
    "keltner": "middle upper lower", "donchian": "upper lower", "accbands": "middle upper lower",
    "regression": "value slope intercept", "pivot": "high low",
}  # fmt: skip
PARAMS = {
    **dict.fromkeys(
        ["sma", "ema", "dema", "tema", "hma", "kama", "lwma", "trima", "zlema", "wma", "frama", "vidya", "rsi",
         "cci", "williams_r", "momentum", "roc", "cmo", "trix", "rvi", "dpo", "adx", "adxr", "vortex", "chop",
         "fisher", "cmf", "mfi", "force", "vwap", "vwma", "atr", "natr", "donchian", "std", "variance", "beta",
         "alpha", "volatility_ind", "maximum", "minimum", "midpoint", "midprice", "logr", "regression", "augen",
         "disparity", "returns"],
        "period",
    ),
    **dict.fromkeys(["obv", "ad", "adl", "ibs", "bop", "change"], ""),
    **dict.fromkeys(["apo", "ppo", "ao", "cho"], "fast slow"),
    "alma": "period sigma offset", "t3": "period volume_factor", "stochastic": "k_period d_period",
    "stochrsi": "rsi_period stoch_period k_period d_period", "macd": "fast slow signal",
    "aroon": "up_period down_period", "ultosc": "period1 period2 period3",
    "tsi": "long_period short_period signal_period", "kvo": "fast slow signal", "ichimoku": "tenkan kijun senkou_b",
    "sar": "af_start af_step af_max", "kst": "roc1 roc2 roc3 roc4", "coppock": "short_roc long_roc wma",
    "supertrend": "period multiplier", "mass_index": "ema_period sum_period", "schaff": "cycle fast slow",
    "eom": "period scale", "bollinger": "period std", "keltner": "period multiplier", "accbands": "period width",
    "pivot": "left_bars right_bars", "consecutive": "direction",
}  # fmt: skip
FRACTIONAL = {
    "std",
    "multiplier",
    "sigma",
    "offset",
    "volume_factor",
    "af_start",
    "af_step",
    "af_max",
    "width",
    "scale",
}
CANDLES = {
    "doji",
    "dragonfly_doji",
    "gravestone_doji",
    "long_legged_doji",
    "hammer",
    "hanging_man",
    "inverted_hammer",
    "shooting_star",
    "marubozu",
    "closing_marubozu",
    "spinning_top",
    "belt_hold",
    "high_wave",
    "rickshaw_man",
    "engulfing",
    "harami",
    "harami_cross",
    "piercing",
    "dark_cloud_cover",
    "counterattack",
    "on_neck",
    "in_neck",
    "thrusting",
    "separating_lines",
    "kicking",
    "kicking_by_length",
    "matching_low",
    "gap_side_by_side_white",
    "dojistar",
    "morning_star",
    "morning_doji_star",
    "evening_star",
    "evening_doji_star",
    "three_white_soldiers",
    "three_black_crows",
    "three_inside",
    "three_outside",
    "abandoned_baby",
    "three_stars_in_south",
    "advance_block",
    "stalled_pattern",
    "tasuki_gap",
    "upside_gap_two_crows",
    "three_line_strike",
    "unique_three_river",
    "breakaway",
    "mat_hold",
    "rising_three_methods",
    "falling_three_methods",
    "ladder_bottom",
    "concealing_baby_swallow",
    "stick_sandwich",
    "tristar",
    "identical_three_crows",
    "two_crows",
    "up_down_gap_three_methods",
    "homing_pigeon",
}
CATEGORIES = {"trend", "momentum", "mean_reversion", "volatility", "volume", "oscillator", "composite", "custom"}
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


class Refused(Exception):
    """The tool would not take the file, or would take it for something else."""


def demand(held: object, why: str) -> None:
    if not held:
        raise Refused(why)


class Yaml12(yaml.SafeLoader):
    """YAML 1.2 core, as js-yaml 4 reads it: `yes` is text, `1e3` a number, a key stands once."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        demand(len(keys) == len(set(keys)), f"duplicate key among {keys}")
        return super().construct_mapping(node, deep)


def _resolves(tag, pattern, first):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


_resolves("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF"))
_resolves("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])
_resolves("int", r"^[-+]?[0-9]+$", list("-+0123456789"))
_resolves("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789"))


def number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---- the backtester


def backtester(text, *, tool="page"):
    """`tool`: "page" (upload, checks, generation of code) or "mcp"."""
    file = yaml.safe_load(text)
    demand(isinstance(file, dict), "no mapping")
    demand(re.fullmatch(r"[\d.]+", file.get("version", "1.0")) if isinstance(file.get("version", "1.0"), str) else 0,
           "version")  # fmt: skip
    meta, strategy = file.get("metadata"), file.get("strategy")
    demand(isinstance(meta, dict) and isinstance(strategy, dict), "metadata and strategy")
    for key in ("name", "description", "author"):
        demand(isinstance(meta.get(key, "x"), str), f"metadata.{key} is no text")
    demand(meta.get("name"), "no name")
    demand('"' not in meta["name"] and '"""' not in meta.get("description", ""), "quotation marks break the code")
    tags = meta.get("tags", [])
    demand(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags), "tags")
    demand(isinstance(strategy.get("id"), str), "strategy.id")
    demand(isinstance(strategy.get("category", "custom"), str), "category")
    params = strategy.get("params", {})
    demand(isinstance(params, dict) and all(isinstance(p, dict) for p in params.values()), "params")
    defaults = {} if tool == "mcp" else {name: p.get("default") for name, p in params.items()}
    if tool == "mcp":
        demand("risk" in file, "mcp needs risk")
        demand("$" not in "".join(map(str, walk(strategy))), "mcp resolves no references")
    else:
        demand(strategy.get("indicators"), "the page wants an indicator")
    known = declared(strategy, defaults)
    candles = candlesticks(strategy, known) if tool == "page" else {}
    groups = {
        name: (group.get("logic", "AND"), [condition(c, known, candles, defaults, tool) for c in group["conditions"]])
        for name in ("entry", "exit")
        if well_formed((group := strategy.get(name)), name)
    }
    return {"entry": one_is_and(groups["entry"]), "exit": one_is_and(groups["exit"]), "risk": risk(file.get("risk"))}


def well_formed(group, name):
    demand(isinstance(group, dict) and group.get("logic", "AND") in ("AND", "OR"), f"{name}: logic")
    demand(isinstance(group.get("conditions"), list) and group["conditions"], f"{name}: at least one condition")
    return True


def one_is_and(group):
    logic, conditions = group
    return ("AND" if len(conditions) == 1 else logic, conditions)


def walk(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
    else:
        yield value


def resolved(value, defaults):
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value
    demand(defaults.get(found[1]) is not None, f"{value} has no value")
    return defaults[found[1]]


def declared(strategy, defaults):
    demand(isinstance(strategy.get("indicators", []), list), "indicators")
    known = {}
    for item in strategy.get("indicators", []):
        id, alias = item.get("id"), item.get("alias")
        demand(id in PARAMS, f"unknown indicator {id}")
        demand(isinstance(alias, str) and IDENTIFIER.fullmatch(alias), f"alias {alias}")
        demand(alias not in known and alias not in PRICES and not keyword.iskeyword(alias), f"alias {alias}")
        demand(alias not in {"symbol", "bar", "price", "data", "holdings"}, f"alias {alias}")
        params = {k: resolved(v, defaults) for k, v in item.get("params", {}).items()}
        known[alias] = (id, tuple((name, param(id, name, params.get(name))) for name in PARAMS[id].split()))
        fast_below_slow(id, params)
    joined = {f"{a}_{o}" for a, (id, _) in known.items() for o in OUTPUTS.get(id, "").split()}
    demand(not joined & set(known), "an alias equals another one with its output")
    return known


def param(id, name, value):
    if name == "direction":
        demand(value in ("up", "down"), f"{id}.{name}")
        return value
    demand(number(value), f"{id}.{name} = {value!r}")
    if name not in FRACTIONAL:
        demand(isinstance(value, int), f"{id}.{name} = {value!r} is no int")
    limits = {"period": (1, 1000), "fast": (1, 500), "slow": (1, 500), "signal": (1, 100), "k_period": (1, 100),
              "d_period": (1, 100), "std": (0.1, 10), "multiplier": (0.1, 10)}.get(name)  # fmt: skip
    demand(limits is None or limits[0] <= value <= limits[1], f"{id}.{name} = {value} out of range")
    return float(value)


def fast_below_slow(id, params):
    if id in ("macd", "apo", "ppo"):
        demand(params["fast"] < params["slow"], "fast below slow")


def candlesticks(strategy, known):
    demand(isinstance(strategy.get("candlesticks", []), list), "candlesticks")
    found = {}
    for item in strategy.get("candlesticks", []):
        demand(item["id"] in CANDLES, f"unsupported pattern {item['id']}")
        demand(item["alias"] not in known and item["alias"] not in found, "duplicate alias")
        found[item["alias"]] = item["id"]
    return found


def condition(item, known, candles, defaults, tool):
    demand(isinstance(item, dict) and "conditions" not in item, "nested")
    if "candlestick" in item:
        return candle(item, candles)
    word = item.get("operator", "greater_than")
    demand(word in OPERATORS_OF_BACKTESTER, f"operator {word}")
    op = OPERATORS_OF_BACKTESTER[word]
    left = operand(item.get("indicator", "close"), item.get("output"), known, op)
    value, other = (resolved(item.get(key), defaults) for key in ("value", "compare_to"))
    if number(value):
        return (left, op, float(value), None)
    if number(other):
        demand(tool == "page", "mcp refuses a number in compare_to")
        return (left, op, float(other), None)
    demand(other is not None or value is not None, "no right side")
    right = operand(other if other is not None else value, item.get("compare_output"), known, op)
    scalar = item.get("compare_scalar")
    demand(scalar is None or (number(scalar) and op not in ("xa", "xb")), "the scalar would be dropped")
    return (left, op, right, scalar and (item.get("compare_operation", "mul"), float(scalar)))


def candle(item, candles):
    alias = item["candlestick"]
    id = candles.get(alias) or (alias if alias in CANDLES else re.sub(r"_\d+$", "", alias))
    demand(id in CANDLES, f"unknown pattern {alias}")
    return ("candle", id, item.get("signal", "detected"))


def operand(alias, output, known, op):
    if alias in PRICES:
        name = "close" if alias == "price" else alias
        demand(name == "close" or op not in ("xa", "xb"), f"a cross with {name} is taken against 0")
        return ("price", name)
    demand(alias in known, f"unknown alias {alias}")
    id, params = known[alias]
    outputs = OUTPUTS.get(id, "value").split()
    demand((output or "value") in outputs, f"{id} has no output {output}")
    return (id, params, output or "value")


def risk(block):
    found = {}
    for name in ("stop_loss", "take_profit", "trailing_stop"):
        entry = (block or {}).get(name)
        demand(entry is None or isinstance(entry, dict), f"risk.{name}")
        if entry and entry.get("enabled") and entry.get("percent") is not None:
            demand(number(entry["percent"]) and 0 <= entry["percent"] <= 100, f"risk.{name}.percent")
            found[name] = float(entry["percent"])
    return found


# ---- the builder


def builder(text):
    """Its importer, and what its own export needs to write the same again."""
    file = yaml.load(text, Loader=Yaml12)
    demand(isinstance(file, dict) and isinstance(file.get("strategy"), dict), "strategy")
    strategy, meta = file["strategy"], file.get("metadata", {})
    for word in (strategy["id"], meta.get("author", "user"), *meta.get("tags", [])):
        demand(isinstance(word, str), f"{word!r} is no text")
    known, candles = {}, {}
    for item in strategy.get("indicators") or []:
        demand(item["id"] in PARAMS, f"no definition of {item['id']}")
        demand(item["alias"] not in known, "the later alias is renamed")
        known[item["alias"]] = (item["id"], tuple(
            (name, builder_param(name, (item.get("params") or {}).get(name))) for name in PARAMS[item["id"]].split()
        ))  # fmt: skip
    for item in strategy.get("candlesticks") or []:
        candles[item["alias"]] = item["id"]
    demand(known or candles, "at least one indicator")
    groups = {
        name: (group.get("logic", "AND"), [builder_condition(c, known, candles) for c in group["conditions"]])
        for name in ("entry", "exit")
        if well_formed((group := strategy.get(name)), name)
    }
    return {"entry": one_is_and(groups["entry"]), "exit": one_is_and(groups["exit"]), "risk": risk(file.get("risk"))}


def builder_param(name, value):
    if name == "direction":
        return value
    demand(number(value), f"{name} = {value!r} is no number")
    return float(value)


def builder_condition(item, known, candles):
    if "candlestick" in item:
        alias = item["candlestick"]
        demand(alias in candles, f"unknown {alias}")
        # Its live signals know a pattern by its alias alone.
        demand(re.sub(r"[0-9]+$", "", alias).rstrip("_") == candles[alias], f"{alias} is never true")
        return ("candle", candles[alias], item.get("signal", "detected"))
    demand(item.get("operator") in OPERATORS_OF_BUILDER, f"{item.get('operator')} silently becomes greater_than")
    demand("compare_scalar" not in item, "the scalar is dropped")
    demand("compare_to" in item, "compares with 0")
    op = OPERATORS_OF_BUILDER[item["operator"]]
    left, right = builder_operand(item["indicator"], item.get("output"), known), item["compare_to"]
    if number(right):
        return (left, op, float(right), None)
    return (left, op, builder_operand(right, item.get("compare_output"), known), None)


def builder_operand(alias, output, known):
    if alias in ("close", "open", "high", "low"):
        return ("price", alias)
    demand(alias in known, f"{alias} is taken for an alias that nobody declared")
    id, params = known[alias]
    outputs = OUTPUTS.get(id, "value").split()
    demand((output or "value") in outputs, f"{id} without its output")
    return (id, params, output or "value")

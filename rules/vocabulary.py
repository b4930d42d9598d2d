"""The words of the language for completion and help, and the schema of rule files for editors."""

from functools import cache
from typing import Any

from market.words import Timeframe
from rules.checking import plain
from rules.files import read_rule
from rules.indicators import REGISTRY, Indicator
from rules.language.names import NAMES
from rules.language.nodes import WORDS, Comparator, Operator

LOGIC = ("and", "or", "not", "all", "any", "between")


@cache
def words() -> dict[str, Any]:
    """Everything that may stand in a condition, with what it means in both languages."""
    return {
        "names": [_name(known) for known in NAMES.values()],
        "indicators": [_indicator(indicator) for indicator in REGISTRY.values()],
        "patterns": _patterns(),
        "operators": [*Comparator, *Operator, *LOGIC],
        "timeframes": [timeframe.value for timeframe in Timeframe],
        "words": sorted(WORDS),
    }


def _name(known: Any) -> dict[str, Any]:
    return {
        "name": known.name,
        "title": known.title.as_dict(),
        "definition": known.definition.as_dict(),
        "unit": known.measure.value if known.measure else None,
    }


def _indicator(indicator: Indicator) -> dict[str, Any]:
    defaults = ", ".join(str(p.default) for p in indicator.parameters)
    return {
        "name": indicator.name,
        "title": indicator.title.as_dict(),
        "definition": indicator.definition.as_dict(),
        "group": indicator.group,
        "sourced": indicator.sourced,
        "parameters": [_setting(parameter) for parameter in indicator.parameters],
        "outputs": [
            {"name": o.name, "title": o.title.as_dict(), "unit": str(o.unit), "low": o.low, "high": o.high}
            for o in indicator.outputs
        ],
        "example": f"{indicator.name}({defaults})",
    }


def _setting(parameter: Any) -> dict[str, Any]:
    choice = parameter.kind == "choice"
    return {
        "name": parameter.name,
        "title": parameter.title.as_dict(),
        "type": parameter.kind,
        "least": None if choice else parameter.least,
        "most": None if choice else parameter.most,
        "default": parameter.default,
        "choices": list(parameter.choices),
    }


def _patterns() -> list[dict[str, Any]]:
    from rules.indicators.patterns import PATTERNS

    return [_pattern(pattern) for pattern in PATTERNS.values()]


def _pattern(pattern: Any) -> dict[str, Any]:
    signals = [word for sign, word in ((1, "bullish"), (-1, "bearish")) if sign in pattern.signals]
    return {
        "name": pattern.name,
        "title": pattern.title.as_dict(),
        "definition": pattern.definition.as_dict(),
        "candles": pattern.candles,
        "signals": [*signals, "detected"],
        "example": f"{(signals or ['detected'])[0]}({pattern.name})",
    }


def rule_schema() -> dict[str, Any]:
    """JSON Schema of a rule file."""
    from rules.language import schema

    return schema.rule_schema()


def ready_rows() -> list[dict[str, Any]]:
    """The rules that ship."""
    from rules.ready import READY

    return [_ready(rule) for rule in READY]


def _ready(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.slug,
        "title": rule.title.as_dict(),
        "description": rule.description.as_dict(),
        "fields": plain(read_rule(rule.text).given),
        "text": rule.text,
    }

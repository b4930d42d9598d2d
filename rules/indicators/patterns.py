"""Every candle pattern of the official strategy builder, and nine that only its signal engine knows."""

from rules.indicators.pattern_run import REACH, Pattern
from rules.indicators.patterns_double import DOUBLE
from rules.indicators.patterns_extra import EXTRA
from rules.indicators.patterns_long import LONG
from rules.indicators.patterns_single import SINGLE
from rules.indicators.patterns_three import THREE

__all__ = ["PATTERNS", "REACH", "Pattern"]

PATTERNS: dict[str, Pattern] = {each.name: each for each in (*SINGLE, *DOUBLE, *THREE, *LONG, *EXTRA)}

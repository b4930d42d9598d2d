"""Every indicator by its name, and what it means.

An exponential average over "all history" depends on where the history began, so live and backtest would differ.
Here the beginning is part of the definition: see `Family`. The same bars give the same bits, wherever it is asked.
"""

from rules.indicators import misc, momentum, moving_averages, oscillators, trend, volatility, volume
from rules.indicators.shapes import Family, Given, Indicator, Inputs, Output, Parameter, Unit

SOURCES = ("open", "high", "low", "close", "volume")

REGISTRY: dict[str, Indicator] = {
    indicator.name: indicator
    for group in (moving_averages, oscillators, momentum, trend, volume, volatility, misc)
    for indicator in group.INDICATORS
}

__all__ = ["REGISTRY", "SOURCES", "Family", "Given", "Indicator", "Inputs", "Output", "Parameter", "Unit"]

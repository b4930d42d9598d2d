"""Indicators: statistics over a declared window of bars, as floats. Money is never made from them."""

from rules.indicators.registry import REGISTRY, SOURCES, Indicator, Parameter, window_of

__all__ = ["REGISTRY", "SOURCES", "Indicator", "Parameter", "window_of"]

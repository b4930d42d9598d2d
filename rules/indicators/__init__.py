"""Indicators: statistics over bars, as floats, by a declared window or anchor. Money is never made from them."""

from rules.indicators.registry import REGISTRY, SOURCES, Family, Given, Indicator, Inputs, Output, Parameter, Unit

__all__ = ["REGISTRY", "SOURCES", "Family", "Given", "Indicator", "Inputs", "Output", "Parameter", "Unit"]

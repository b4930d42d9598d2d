"""A result as one HTML file that needs nothing else: no script, no network, readable on paper."""

from backtests.report.page import html_of

__all__ = ["html_of"]

"""Python strategies in a cage: `CagedProgram(code, params)` decides, `check_code(code)` says what is wrong beforehand.

The user's function runs in an interpreter of its own kind (Monty) in worker processes: it has no file, no network,
no environment and no way to this process. Every call begins from nothing, so what one call leaves behind no other
sees. Clock and random are given. No Django here.
"""

from rules.sandbox.check import check_code
from rules.sandbox.limits import LIMITS, Limits
from rules.sandbox.program import CagedProgram
from rules.sandbox.reading import Problem
from rules.sandbox.workers import CageAway

__all__ = ["LIMITS", "CageAway", "CagedProgram", "Limits", "Problem", "check_code"]

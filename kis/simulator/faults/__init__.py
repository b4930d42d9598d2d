"""What can go wrong: the catalogue (`kinds`), which of it is on (`engine`), and what it then does."""

from kis.simulator.faults.engine import About, BadFault, Fault, Faults
from kis.simulator.faults.kinds import KINDS, Kind

__all__ = ["KINDS", "About", "BadFault", "Fault", "Faults", "Kind"]

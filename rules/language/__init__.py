"""The language of conditions: one tree, spelled as text, JSON or a mapping; checked, compiled and explained."""

from rules.language.check import Checked, Kind, check, check_condition
from rules.language.codec import from_json, read_condition, to_json
from rules.language.compiled import Compiled
from rules.language.errors import ConditionError
from rules.language.look import Look
from rules.language.nodes import Node
from rules.language.parser import parse
from rules.language.printer import to_text

__all__ = [
    "Checked",
    "Compiled",
    "ConditionError",
    "Kind",
    "Look",
    "Node",
    "check",
    "check_condition",
    "from_json",
    "parse",
    "read_condition",
    "to_json",
    "to_text",
]

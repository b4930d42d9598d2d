"""The language of conditions: one tree, spelled as text, JSON or a mapping; checked, compiled and explained."""

from rules.language.arguments import Reading
from rules.language.check import Checked, Warning, check, check_condition
from rules.language.codec import from_json, read_condition, to_json
from rules.language.compiled import Compiled
from rules.language.errors import ConditionError
from rules.language.kinds import Kind
from rules.language.look import Look
from rules.language.needs import Needs, SeriesNeed
from rules.language.nodes import OWN, Node, Series
from rules.language.params import bind_params, params_of
from rules.language.parser import parse
from rules.language.printer import to_text

__all__ = [
    "OWN",
    "Checked",
    "Compiled",
    "ConditionError",
    "Kind",
    "Look",
    "Needs",
    "Node",
    "Reading",
    "Series",
    "SeriesNeed",
    "Warning",
    "bind_params",
    "check",
    "check_condition",
    "from_json",
    "params_of",
    "parse",
    "read_condition",
    "to_json",
    "to_text",
]

"""An official strategy file as the fields of a rule. Pure; the file itself is read by `rules.kis_yaml`."""

from typing import Any

from market.words import EvaluateOn
from rules import kis_yaml
from rules.files import RuleFileInvalid
from rules.kis_yaml import Note
from rules.language import to_text
from rules.problems import Problem

LONGEST_NAME = 80


def read_official(text: str) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """The fields that the file has words for (it has none for a symbol and an amount), and what is to be said.

    Raises RuleFileInvalid with the line and what was expected.
    """
    try:
        found = kis_yaml.read(text)
    except kis_yaml.KisYamlError as error:
        problem = Problem("", error.message, error.code, "", error.line, error.column, error.expected, error.suggestion)
        raise RuleFileInvalid([problem]) from error
    stops = {name: value for name, value in found.stops.items() if value is not None}
    fields = {
        "name": found.name[:LONGEST_NAME],
        "timeframe": found.timeframe.value,
        "evaluate_on": EvaluateOn.BAR_CLOSE.value,
        "entry_condition": to_text(found.entry),
        "exit_condition": to_text(found.exit),
        "params": {name: spec.as_dict() for name, spec in found.params.items()},
        **stops,
    }
    return fields, found.notes

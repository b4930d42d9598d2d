"""What a condition, a rule or a rule file means, or what is wrong with it and where: the answer for editors. Pure."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from rules.fields import missing, read_fields, with_defaults
from rules.files import RuleFileInvalid, read_document
from rules.indicators import REGISTRY
from rules.language import Checked, ConditionError, Node, check_condition, read_condition, to_json, to_text
from rules.language.needs import merged
from rules.problems import Problem, errors_of, warnings_of
from rules.whole import Judged, judge, warning_of

Known = Callable[[Judged], Iterable[Problem]]  # what only a database knows, such as whether a symbol is listed


def check_condition_text(value: object) -> dict[str, Any]:
    """A condition alone: text, JSON or a mapping. Never raises for a wrong one: that is the answer."""
    try:
        node = read_condition(value)
        checked = check_condition(node)
    except ConditionError as error:
        return answer([Problem.of("condition", error)])
    return answer([warning_of("condition", w) for w in checked.warnings], {"condition": node}, {"condition": checked})


def check_fields(
    raw: Mapping[str, Any], *, environment: str | None = None, known: Known = lambda judged: ()
) -> dict[str, Any]:
    """A whole rule as the API takes it."""
    return _whole(raw, lambda problem: problem, environment, known)


def check_file(text: str, *, environment: str | None = None, known: Known = lambda judged: ()) -> dict[str, Any]:
    """A rule file; what is wrong is said at its lines."""
    try:
        document = read_document(text)
    except RuleFileInvalid as invalid:
        return answer(invalid.problems)
    return _whole(document.raw, document.placed, environment, known)


def _whole(
    raw: Mapping[str, Any], placed: Callable[[Problem], Problem], environment: str | None, known: Known
) -> dict[str, Any]:
    fields, problems = read_fields({name: value for name, value in raw.items() if name != "account_id"})
    problems = [*missing(raw), *problems]
    wrong = {problem.field for problem in problems}
    judged = judge(with_defaults(fields), environment=environment)
    problems += [problem for problem in judged.problems if problem.field not in wrong]
    if not errors_of(problems):
        problems += known(judged)
    return answer([placed(problem) for problem in problems], judged.conditions, judged.checked)


def answer(
    problems: Iterable[Problem],
    conditions: Mapping[str, Node] | None = None,
    checked: Mapping[str, Checked] | None = None,
) -> dict[str, Any]:
    """JSON-safe. `text` and `tree` are those of a condition asked for alone; of a rule see `conditions`."""
    problems, conditions, checked = list(problems), conditions or {}, checked or {}
    errors = [problem.as_dict() for problem in errors_of(problems)]
    meanings = {name: meaning(conditions[name], found) for name, found in checked.items()}
    alone = meanings.get("condition", {})
    return {
        "valid": not errors,
        "errors": errors,
        "error": errors[0] if errors else None,
        "warnings": [problem.as_dict() for problem in warnings_of(problems)],
        "text": alone.get("text"),
        "tree": alone.get("tree"),
        "look_back": max((m["look_back"] for m in meanings.values()), default=None),
        "uses": _merged(m["uses"] for m in meanings.values()),
        "needs": _needs(checked.values()),
        "conditions": {name: {"text": m["text"], "tree": m["tree"]} for name, m in meanings.items()},
    }


def meaning(node: Node, checked: Checked) -> dict[str, Any]:
    """What one condition says and uses."""
    return {"text": to_text(node), "tree": to_json(node), "look_back": checked.look_back, "uses": uses(checked)}


def uses(checked: Checked) -> list[dict[str, Any]]:
    """The indicators of a condition, defined in both languages."""
    return [
        {"name": i.name, "title": i.title.as_dict(), "definition": i.definition.as_dict()}
        for i in (REGISTRY[name] for name in sorted(checked.indicators))
    ]


def _merged(lists: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    found = {use["name"]: use for uses_ in lists for use in uses_}
    return [found[name] for name in sorted(found)]


def _needs(checked: Iterable[Checked]) -> list[dict[str, Any]]:
    """Every series that must be there: null is the rule's own symbol or timeframe."""
    return [
        {"symbol": s.symbol, "timeframe": s.timeframe, "bars": need.bars, "before_anchor": need.anchored}
        for s, need in merged(*(condition.needs for condition in checked)).items()
    ]


def plain(value: Any) -> Any:
    """JSON-safe: exact numbers as text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value

"""Rules as texts that people keep and exchange: rule files and `.kis.yaml`, in and out; the texts of versions."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from api.problems import ApiError
from market.errors import Text
from market.words import Timeframe
from rules.fields import READERS, read_fields, with_defaults
from rules.files import RuleFileInvalid, read_document, write_rule
from rules.language import read_condition
from rules.models import RuleVersion, TradeRule
from rules.params import values_of
from rules.problems import Problem
from rules.services import RuleInvalid

RULE, KIS_YAML = "rule", "kis_yaml"
_OFFICIAL = re.compile(r"^(strategy|metadata)\s*:", re.MULTILINE)
_FILE_NAME = re.compile(r"[^\w가-힣.-]+")


class NotWritable(ApiError):
    """The rule means something that the format has no words for; `fields` says which parts."""

    def __init__(self, reasons: Mapping[str, list[Text]]) -> None:
        message = Text(
            "이 형식으로는 쓸 수 없는 것이 있어 파일을 만들지 않았습니다.",
            "The format has no words for parts of this rule, so no file was made.",
        )
        super().__init__("not_expressible", message, 422, reasons)


@dataclass(frozen=True)
class Import:
    """What a text says: the fields that it names, as typed values, and remarks by line.

    `problems`: what keeps those fields from being a rule; empty when they are one, but for what the text cannot say
    (an official file has no symbol and no amount).
    """

    format: str
    fields: Mapping[str, Any]
    notes: tuple[Mapping[str, Any], ...] = ()
    problems: tuple[Problem, ...] = field(default_factory=tuple)


def read_text(text: str, **given: Any) -> Import:
    """The rule that a rule file or an official strategy file describes; `given` fields outrank the file's.

    Raises RuleInvalid, with lines, for what is no such file at all.
    """
    return _official(text, given) if _OFFICIAL.search(text) else _ours(text, given)


def _ours(text: str, given: Mapping[str, Any]) -> Import:
    try:
        document = read_document(text)
    except RuleFileInvalid as invalid:
        raise RuleInvalid(invalid.problems) from invalid
    fields, problems = read_fields({**document.raw, **given})
    return Import(RULE, fields, (), tuple(document.placed(p) for p in problems if p.field not in given))


def _official(text: str, given: Mapping[str, Any]) -> Import:
    from rules.official import read_official  # which most requests never need

    try:
        said, notes = read_official(text)
    except RuleFileInvalid as invalid:
        raise RuleInvalid(invalid.problems) from invalid
    fields, problems = read_fields({**said, **given})
    return Import(KIS_YAML, fields, tuple(note.as_dict() for note in notes), tuple(problems))


def write_text(rule: TradeRule, format: str, profile: str = "both") -> tuple[str, str]:
    """The rule as a file: its name and its text. `format`: "yaml" (ours) or "kis_yaml". Raises NotWritable.

    `profile` of an official file: "both" for what both official tools read, "backtester" for what only one does.
    """
    name = _FILE_NAME.sub("_", (rule.name or rule.symbol).strip()).strip("._") or "rule"
    fields = {field: getattr(rule, field) for field in READERS}
    if format == "yaml":
        return f"{name}.rule.yaml", write_rule(fields)
    return f"{name.lower()}.kis.yaml", _official_text(rule, fields, profile)


def _official_text(rule: TradeRule, fields: Mapping[str, Any], profile: str) -> str:
    from rules import kis_yaml

    if not fields["entry_condition"]:
        text = Text("Python 규칙은 조건이 없습니다.", "A Python rule has no conditions.")
        raise NotWritable({"code": [text]})
    values = values_of(fields["params"])
    strategy = kis_yaml.Strategy(
        name=rule.name or f"{rule.symbol} {rule.version}",
        entry=read_condition(fields["entry_condition"]),
        exit=read_condition(fields["exit_condition"] or "false"),
        params={
            name: kis_yaml.ParamSpec(
                name,
                given["type"],
                values[name],
                _exact(given.get("min")),
                _exact(given.get("max")),
                description=_titled(given.get("title")),
                choices=tuple(given.get("choices", ())),
            )
            for name, given in fields["params"].items()
        },
        stops=kis_yaml.Stops(fields["stop_loss_pct"], fields["take_profit_pct"], fields["trailing_stop_pct"]),
        timeframe=Timeframe(fields["timeframe"]),
    )
    try:
        return kis_yaml.write(strategy, profile)
    except kis_yaml.NotExpressible as e:
        reasons: dict[str, list[Text]] = {}
        for reason in e.reasons:
            reasons.setdefault(reason.part, []).append(reason.text)
        raise NotWritable(reasons) from e


def _exact(number: object) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _titled(title: object) -> str:
    return title["ko"] if isinstance(title, Mapping) else str(title or "")


def version_text(version: RuleVersion) -> str:
    """The rule file of the rule as it was; of fields that were not known then the defaults hold."""
    fields, _ = read_fields({name: value for name, value in version.fields.items() if name in READERS})
    return write_rule(with_defaults(fields))


def version_row(version: RuleVersion, before: RuleVersion | None) -> dict[str, Any]:
    """A version as a whole text, and what it changed of the one before: names, and lines as a unified diff."""
    text, older = version_text(version), version_text(before) if before else ""
    lines = difflib.unified_diff(older.splitlines(), text.splitlines(), lineterm="", n=0) if before else ()
    old = before.fields if before else {}
    return {
        "version": version.version,
        "created_at": version.created_at,
        "changed_by": version.changed_by.email if version.changed_by else None,
        "fields": version.fields,
        "text": text,
        "changed": sorted(n for n, v in version.fields.items() if n in old and old[n] != v) if before else [],
        "diff": [line for line in lines if not line.startswith(("---", "+++", "@@"))],
    }

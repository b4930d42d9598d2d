"""The whole text of a rule: as it comes, as JSON keeps it, and the rule made of it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.exceptions import NotFound

from accounts.models import User
from api.problems import ApiError
from instruments.selectors import exchange_of
from market.errors import Text
from rules.domain import Rule
from rules.fields import READERS, missing, read_fields, with_defaults
from rules.models import TradeRule
from rules.problems import Problem
from rules.selectors import readable_rule
from rules.services import RuleInvalid
from rules.texts import read_text
from rules.whole import NO_ID, judge, rule_of

Plain = dict[str, Any]


@dataclass(frozen=True)
class RuleText:
    """A rule's fields, and whose they are: `rule_id` is None for one that is not saved."""

    fields: Mapping[str, Any]
    rule_id: str | None = None
    version: int = 1

    @property
    def rule(self) -> Rule:
        """Raises ConditionError when a stored condition means nothing any more."""
        id = UUID(self.rule_id) if self.rule_id else NO_ID
        return rule_of(self.fields, id=id, version=self.version)

    def as_dict(self) -> Plain:
        return {"rule_id": self.rule_id, "version": self.version, "fields": plain(self.fields)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "RuleText":
        fields, _ = read_fields({name: value for name, value in stored["fields"].items() if name in READERS})
        return cls(with_defaults(fields), stored["rule_id"], stored["version"])


def plain(fields: Mapping[str, Any]) -> Plain:
    """The fields JSON-safe, decimals as text."""
    return {
        name: value if isinstance(value, bool | int | list | dict | None) else str(value)
        for name, value in fields.items()
    }


def of_rule(rule: TradeRule) -> RuleText:
    """A saved rule as it stands."""
    return RuleText({name: getattr(rule, name) for name in READERS}, str(rule.pk), rule.version)


def saved(rule: TradeRule) -> RuleText:
    """The same, to be replayed. Raises RuleInvalid when it means nothing any more."""
    text = of_rule(rule)
    if problems := judge(text.fields).errors:
        raise RuleInvalid(problems)
    return text


def asked_text(
    person: User,
    *,
    rule_id: UUID | None = None,
    fields: Mapping[str, Any] | None = None,
    text: str | None = None,
    symbol: str | None = None,
    buy_amount_usd: str | None = None,
) -> RuleText:
    """The rule that was meant: a saved one, fields, or a file (ours, or `.kis.yaml` with a symbol and an amount).

    Raises ApiError when it is not one of the three, NotFound for a rule that the person may not see, RuleInvalid with
    everything that is wrong.
    """
    if sum(given is not None for given in (rule_id, fields, text)) != 1:
        wrong = Text("rule_id, fields, text 가운데 하나만 주세요.", "Give one of rule_id, fields and text.")
        raise ApiError("invalid", wrong, 400, {"rules": [wrong]})
    if rule_id is not None:
        rule = readable_rule(person, rule_id)
        if rule is None:
            raise NotFound
        return saved(rule)
    more = {"symbol": symbol, "buy_amount_usd": buy_amount_usd}
    given = {name: value for name, value in more.items() if value is not None}
    if text is not None:
        found = read_text(text, **given)
        return _whole(dict(found.fields), list(found.problems))
    return _whole(*read_fields({**(fields or {}), **given}))


def _whole(fields: dict[str, Any], problems: list[Problem]) -> RuleText:
    problems = [*missing(fields), *problems]
    if not problems:
        fields.setdefault("exchange", exchange_of(fields["symbol"]))
        problems = judge(with_defaults(fields)).errors
    if problems:
        raise RuleInvalid(problems)
    return RuleText(with_defaults(fields))

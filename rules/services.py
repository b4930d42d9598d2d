"""What changes a rule. Every change is a new version, and the old text is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, User
from accounts.services import ConfirmationMismatch
from api.problems import INVALID, ApiError
from instruments.selectors import exchange_of
from logs.services import record
from market.errors import Text
from rules.fields import DEFAULT_MAX_POSITION, READERS, Problems, misfits, missing, read_fields
from rules.indicators import REGISTRY
from rules.language import Checked, ConditionError, check_condition, read_condition, to_json, to_text
from rules.models import RuleState, RuleVersion, TradeRule
from rules.selectors import holds_or_works

LONGEST_FILE = 20_000
_WHOSE = ("symbol", "exchange")  # what the shares a rule owns are shares of


class RuleInvalid(ApiError):
    """Some fields cannot be what they are; `fields` says which, why, and what was expected."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("invalid", INVALID, 400, problems)


class RuleHolds(ApiError):
    """The rule owns shares or has an order that is not final."""

    def __init__(self, ko: str, en: str) -> None:
        super().__init__("rule_holds", Text(ko, en), 409)


class RuleChanged(ApiError):
    """Somebody else changed the rule since it was read."""

    def __init__(self, rule: TradeRule) -> None:
        last = rule.versions.select_related("changed_by").order_by("-version").first()
        who = last.changed_by.email if last and last.changed_by else "?"
        message = Text(
            f"그사이 {who} 님이 규칙을 바꾸었습니다 (지금 {rule.version}판). 다시 읽고 고쳐 주세요.",
            f"{who} has changed the rule meanwhile (now version {rule.version}). Read it again.",
        )
        super().__init__("changed", message, 412)


def create_rule(*, account: BrokerageAccount, by: User | None, now: datetime | None = None, **fields: Any) -> TradeRule:
    """A rule, switched off, version 1. Its exchange is the instrument's when not given.

    Raises RuleInvalid with a sentence per field.
    """
    values, problems = read_fields(fields)
    problems = {**missing(fields), **problems, **misfits(values, account.environment)}
    if "symbol" in values and "exchange" not in fields:
        try:
            values["exchange"] = exchange_of(values["symbol"])
        except ApiError as unknown:
            problems |= unknown.fields or {"symbol": [unknown.message]}
    if problems:
        raise RuleInvalid(problems)
    values.setdefault("max_position", DEFAULT_MAX_POSITION)
    with transaction.atomic():
        rule = TradeRule.objects.create(account=account, **values)
        RuleState.objects.create(rule=rule)
        _keep_version(rule, by)
        _journal(rule, by, now, Text(f"규칙을 만들었습니다: {rule}", f"Rule made: {rule}"))
    return rule


def update_rule(
    *, rule: TradeRule, by: User | None, now: datetime | None = None, seen_version: int | None = None, **fields: Any
) -> TradeRule:
    """The rule with the named fields changed: a new version, unless nothing differs.

    `seen_version` is the version that the person was looking at. Raises RuleInvalid, RuleChanged, and RuleHolds when
    the symbol would change under shares that the rule owns.
    """
    values, problems = read_fields(fields)
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").get(pk=rule.pk)
        if seen_version is not None and seen_version != rule.version:
            raise RuleChanged(rule)
        problems |= misfits(values, rule.account.environment)
        if problems:
            raise RuleInvalid(problems)
        _follow_symbol(rule, values)
        changed = {name: value for name, value in values.items() if getattr(rule, name) != value}
        if not changed:
            return rule
        if set(changed) & set(_WHOSE) and holds_or_works(rule):
            raise RuleHolds(
                "이 규칙이 주식을 가졌거나 주문이 살아 있어 종목을 바꿀 수 없습니다. 먼저 정리해 주세요.",
                "The rule owns shares or has an order at work, so its symbol cannot change. Close them first.",
            )
        _change(rule, changed)
        _keep_version(rule, by)
        text = Text(
            f"규칙을 고쳤습니다: {rule}, {rule.version}판 ({', '.join(changed)})",
            f"Rule changed: {rule}, version {rule.version} ({', '.join(changed)})",
        )
        _journal(rule, by, now, text, {"changed": sorted(changed)})
    return rule


def set_rule_enabled(
    *, rule: TradeRule, enabled: bool, confirm: str, by: User | None, now: datetime | None = None
) -> TradeRule:
    """The wanted state. `confirm` must equal the account's nickname, else ConfirmationMismatch.

    Switching off a rule that owns shares leaves them without an exit; the journal says so.
    """
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").get(pk=rule.pk)
        if confirm != rule.account.nickname:
            raise ConfirmationMismatch
        if rule.enabled == enabled:
            return rule
        rule.enabled = enabled
        rule.save(update_fields=["enabled", "updated_at"])
        _journal(rule, by, now, _switched(rule), level="info" if enabled else "warning")
    return rule


def delete_rule(*, rule: TradeRule, by: User | None, now: datetime | None = None) -> None:
    """Away with it and its versions; its orders stay. Raises RuleHolds while it owns shares or has an open order."""
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").get(pk=rule.pk)
        RuleState.objects.select_for_update().filter(rule=rule).first()
        if holds_or_works(rule):
            raise RuleHolds(
                "이 규칙이 주식을 가졌거나 주문이 살아 있어 지울 수 없습니다. 끄고 정리한 뒤 지워 주세요.",
                "The rule owns shares or has an order at work. Switch it off and close them, then delete it.",
            )
        _journal(rule, by, now, Text(f"규칙을 지웠습니다: {rule}", f"Rule deleted: {rule}"))
        rule.delete()


def check_condition_text(value: object) -> dict[str, Any]:
    """What a condition means, for the form: canonical text, tree, look-back and what it uses; or what is wrong.

    `value` is text, JSON or a mapping. Never raises for a wrong condition: that is the answer.
    """
    try:
        node = read_condition(value)
        checked = check_condition(node)
    except ConditionError as error:
        return {"valid": False, "text": None, "tree": None, "look_back": None, "uses": [], "error": error.as_dict()}
    return {
        "valid": True,
        "text": to_text(node),
        "tree": to_json(node),
        "look_back": checked.look_back,
        "uses": uses(checked),
        "error": None,
    }


def uses(checked: Checked) -> list[dict[str, Any]]:
    """The indicators of a condition, defined in both languages."""
    return [
        {"name": i.name, "title": i.title.as_dict(), "definition": i.definition.as_dict()}
        for i in (REGISTRY[name] for name in sorted(checked.indicators))
    ]


def rule_from_yaml(text: str) -> dict[str, Any]:
    """The fields that a rule file names, read and checked, ready for `create_rule`. Raises RuleInvalid."""
    problem = None
    if len(text) > LONGEST_FILE:
        problem = Text(f"{LONGEST_FILE}자보다 깁니다.", f"It is longer than {LONGEST_FILE} characters.")
    try:
        found = None if problem else yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        mark = getattr(e, "problem_mark", None)
        ko, en = (f" ({mark.line + 1}행)", f" (line {mark.line + 1})") if mark else ("", "")
        problem = Text(f"YAML 이 아닙니다{ko}.", f"It is not YAML{en}.")
    if problem is None and not isinstance(found, Mapping):
        problem = Text(
            "`symbol: AAPL` 같은 줄들이어야 합니다.", "It must be lines such as `symbol: AAPL`, one per field."
        )
    if problem:
        raise RuleInvalid({"": [problem]})
    raw = {str(name): value for name, value in found.items()}
    fields, problems = read_fields(raw)
    if problems := {**missing(raw), **problems}:
        raise RuleInvalid(problems)
    return fields


def _follow_symbol(rule: TradeRule, values: dict[str, Any]) -> None:
    if "symbol" in values and "exchange" not in values and values["symbol"] != rule.symbol:
        values["exchange"] = exchange_of(values["symbol"])


def _change(rule: TradeRule, changed: Mapping[str, Any]) -> None:
    for name, value in changed.items():
        setattr(rule, name, value)
    rule.version += 1
    rule.save(update_fields=[*changed, "version", "updated_at"])


def _keep_version(rule: TradeRule, by: User | None) -> None:
    # Through the table's own columns, so that the text is what the database holds (rounding included).
    stored = TradeRule.objects.values(*READERS).get(pk=rule.pk)
    plain = {name: value if isinstance(value, int | list | None) else str(value) for name, value in stored.items()}
    RuleVersion.objects.create(rule=rule, version=rule.version, fields=plain, changed_by=by)


def _switched(rule: TradeRule) -> Text:
    if rule.enabled:
        return Text(f"규칙을 켰습니다: {rule}", f"Rule switched on: {rule}")
    if RuleState.objects.filter(rule=rule, qty__gt=0).exists():
        return Text(
            f"규칙을 껐습니다: {rule}. 가진 주식은 매도 조건 없이 남습니다.",
            f"Rule switched off: {rule}. The shares it owns are left without an exit.",
        )
    return Text(f"규칙을 껐습니다: {rule}", f"Rule switched off: {rule}")


def _journal(
    rule: TradeRule,
    by: User | None,
    now: datetime | None,
    message: Text,
    more: dict[str, Any] | None = None,
    level: str = "info",
) -> None:
    record(
        account=rule.account,
        rule_id=rule.pk,
        level=level,
        message=message,
        ctx={"rule": str(rule.pk), "version": rule.version, "by": by.email if by else None, **(more or {})},
        at=now or timezone.now(),
    )

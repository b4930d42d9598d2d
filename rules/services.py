"""What changes a rule. Every change is a new version, and the old text is kept."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, User
from accounts.services import ConfirmationMismatch
from api.problems import INVALID, ApiError
from instruments.selectors import exchange_of
from logs.services import record
from market.errors import Text
from rules.checking import check_condition_text, check_fields, check_file
from rules.fields import READERS, missing, read_fields, with_defaults
from rules.files import RuleFileInvalid, read_rule
from rules.freshness import must_keep_fresh
from rules.models import RuleState, RuleVersion, TradeRule
from rules.problems import Problem, by_field
from rules.selectors import holds_or_works
from rules.whole import NEVER, Judged, judge

_WATCHED = ("symbol", "entry_condition", "exit_condition")  # what prices it needs
_WHOSE = ("symbol", "exchange")  # what the shares a rule owns are shares of


class RuleInvalid(ApiError):
    """Some fields cannot be what they are; `fields` says which, why, and what was expected."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("invalid", INVALID, 400, by_field(self.problems))


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
    problems = [*missing(fields), *problems]
    if "symbol" in values and "exchange" not in fields:
        problems += _found_exchange(values)
    whole = with_defaults(values)
    problems += _judged(whole, account.environment, problems).problems
    if by_field(problems):
        raise RuleInvalid(problems)
    with transaction.atomic():
        rule = TradeRule.objects.create(account=account, **whole)
        RuleState.objects.create(rule=rule)
        _keep_version(rule, by)
        _journal(rule, by, now, Text(f"규칙을 만들었습니다: {rule}", f"Rule made: {rule}"))
    return rule


def update_rule(
    *, rule: TradeRule, by: User | None, now: datetime | None = None, seen_version: int | None = None, **fields: Any
) -> TradeRule:
    """The rule with the named fields changed: a new version, unless nothing differs.

    `seen_version` is the version that the person was looking at. Raises RuleInvalid, RuleChanged, RuleHolds when
    the symbol would change under shares that the rule owns, and CannotKeepFresh.
    """
    values, problems = read_fields(fields)
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").get(pk=rule.pk)
        if seen_version is not None and seen_version != rule.version:
            raise RuleChanged(rule)
        problems += _follow_symbol(rule, values)
        whole = {name: getattr(rule, name) for name in READERS} | values
        problems += _judged(whole, rule.account.environment, problems).problems
        if by_field(problems):
            raise RuleInvalid(problems)
        changed = {name: value for name, value in values.items() if getattr(rule, name) != value}
        if not changed:
            return rule
        if set(changed) & set(_WHOSE) and holds_or_works(rule):
            raise RuleHolds(
                "이 규칙이 주식을 가졌거나 주문이 살아 있어 종목을 바꿀 수 없습니다. 먼저 정리해 주세요.",
                "The rule owns shares or has an order at work, so its symbol cannot change. Close them first.",
            )
        _change(rule, changed)
        if rule.enabled and set(changed) & set(_WATCHED):
            must_keep_fresh(rule)
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

    A rule that could never do anything is not switched on: RuleInvalid says why. Nor one whose prices the account's
    key could not keep fresh beside the others': CannotKeepFresh. Switching off a rule that owns
    shares leaves them without an exit; the journal says so.
    """
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").get(pk=rule.pk)
        if confirm != rule.account.nickname:
            raise ConfirmationMismatch
        if rule.enabled == enabled:
            return rule
        if enabled:
            _must_be_able(rule)
            must_keep_fresh(rule)
            RuleState.objects.filter(rule=rule).update(stopped_because=None)
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


def check(
    *, account: BrokerageAccount | None = None, condition: object = None, fields: Any = None, yaml: Any = None
) -> dict[str, Any]:
    """What a condition, the fields of a rule or a rule file mean, for the form (rules.checking).

    `account`: the one that it is for. Never raises for a wrong one: that is the answer.
    """
    environment = account.environment if account else None
    if isinstance(yaml, str):
        return check_file(yaml, environment=environment, known=unknown_symbols)
    if isinstance(fields, Mapping):
        return check_fields(fields, environment=environment, known=unknown_symbols)
    return check_condition_text(condition)


def stop_rule(*, rule_id: UUID, version: int, because: Text, now: datetime) -> bool:
    """Switch off a rule that broke, with the reason beside it and in the journal, in one transaction.

    False, and nothing changes, when it was switched off or changed meanwhile: another version may be mended.
    """
    with transaction.atomic():
        rule = TradeRule.objects.select_for_update().select_related("account").filter(pk=rule_id).first()
        if rule is None or not rule.enabled or rule.version != version:
            return False
        rule.enabled = False
        rule.save(update_fields=["enabled", "updated_at"])
        RuleState.objects.update_or_create(rule=rule, defaults={"stopped_because": because.as_dict()})
        holds = RuleState.objects.filter(rule=rule, qty__gt=0).exists()
        left = Text(" 가진 주식은 매도 조건 없이 남습니다.", " The shares it owns are left without an exit.")
        text = Text(
            f"규칙을 껐습니다: {rule}. {because.ko}" + left.ko * holds,
            f"Rule switched off: {rule}. {because.en}" + left.en * holds,
        )
        _journal(rule, None, now, text, {"stopped_because": because.as_dict()}, level="error")
    return True


def rule_from_yaml(text: str) -> dict[str, Any]:
    """The fields that a rule file names, read and checked, ready for `create_rule`. Raises RuleInvalid."""
    try:
        return dict(read_rule(text).given)
    except RuleFileInvalid as invalid:
        raise RuleInvalid(invalid.problems) from invalid


def _judged(whole: dict[str, Any], environment: str, problems: Iterable[Problem]) -> Judged:
    """What the whole means, as far as its fields could be read: one that could not is not judged again."""
    wrong = {problem.field for problem in problems}
    judged = judge(whole, environment=environment)
    kept = [p for p in judged.problems if p.field not in wrong]
    symbols = [] if wrong else unknown_symbols(judged)
    return Judged((*kept, *symbols), judged.conditions, judged.checked)


def unknown_symbols(judged: Judged) -> list[Problem]:
    """Other symbols of the conditions that no exchange lists."""
    found = []
    for name, checked in judged.checked.items():
        for symbol in sorted({series.symbol for series in checked.needs if series.symbol}):
            try:
                exchange_of(symbol)
            except ApiError as unknown:
                found.append(Problem(name, _first(unknown), "unknown_symbol"))
    return found


def _first(error: ApiError) -> Text:
    return next((text for texts in (error.fields or {}).values() for text in texts), error.message)


def _found_exchange(values: dict[str, Any]) -> list[Problem]:
    try:
        values["exchange"] = exchange_of(values["symbol"])
    except ApiError as unknown:
        return [Problem("symbol", _first(unknown), "unknown_symbol")]
    return []


def _must_be_able(rule: TradeRule) -> None:
    """A rule that owns nothing and can never buy, or that cannot be read any more, would only seem to work."""
    judged = judge({name: getattr(rule, name) for name in READERS}, environment=rule.account.environment)
    if judged.errors:
        raise RuleInvalid(judged.problems)
    never = judged.conditions.get("entry_condition") == NEVER
    if never and not RuleState.objects.filter(rule=rule, qty__gt=0).exists():
        text = Text(
            "매수 조건이 절대 참이 되지 않고 가진 주식도 없어 켜도 아무 일도 하지 않습니다.",
            "The entry is never true and the rule owns no shares: switched on, it would never do anything.",
        )
        wanted = Text("참이 될 수 있는 매수 조건", "an entry that can become true")
        raise RuleInvalid([Problem("entry_condition", text, "never_true", expected=wanted)])


def _follow_symbol(rule: TradeRule, values: dict[str, Any]) -> list[Problem]:
    if "symbol" in values and "exchange" not in values and values["symbol"] != rule.symbol:
        return _found_exchange(values)
    return []


def _change(rule: TradeRule, changed: Mapping[str, Any]) -> None:
    for name, value in changed.items():
        setattr(rule, name, value)
    rule.version += 1
    rule.save(update_fields=[*changed, "version", "updated_at"])


def _keep_version(rule: TradeRule, by: User | None) -> None:
    # Through the table's own columns, so that the text is what the database holds (rounding included).
    stored = TradeRule.objects.values(*READERS).get(pk=rule.pk)
    plain = {
        name: value if isinstance(value, int | list | dict | None) else str(value) for name, value in stored.items()
    }
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

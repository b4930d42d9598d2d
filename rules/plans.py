"""What changes a rebalancing plan. Weights are read from text, so that no percent is ever a float."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import BrokerageAccount, User
from accounts.services import ConfirmationMismatch
from api.problems import INVALID, ApiError
from instruments.selectors import exchanges_of
from logs.services import record
from market.errors import Text
from rules.models import RebalancePlan
from rules.rebalancing import HUNDRED, LEAST_BAND, ZERO, Rhythm

MOST_SYMBOLS = 40
PERCENT_STEP = Decimal("0.0001")
MOST_BAND = Decimal(50)

Problems = dict[str, list[Text]]


class PlanInvalid(ApiError):
    """Some fields cannot be what they are; `fields` says which and what was expected."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("invalid", INVALID, 400, problems)


class PlanChanged(ApiError):
    """Somebody else changed the plan since it was read."""

    def __init__(self, plan: RebalancePlan) -> None:
        message = Text(
            f"그사이 계획이 바뀌었습니다(지금 {plan.version}판). 다시 읽고 고쳐 주세요.",
            f"The plan was changed meanwhile (now version {plan.version}). Read it again.",
        )
        super().__init__("changed", message, 412)


def create_plan(*, account: BrokerageAccount, by: User | None, now: datetime | None = None, **fields: Any):
    """A plan, switched off. Raises PlanInvalid, or ApiError when the account has a plan of that name."""
    values = read_fields(fields, needed=("name", "weights"))
    try:
        with transaction.atomic():
            plan = RebalancePlan.objects.create(account=account, **values)
            _journal(plan, by, now, Text(f"리밸런싱 계획을 만들었습니다: {plan}", f"Rebalancing plan made: {plan}"))
    except IntegrityError:
        raise _name_taken() from None
    return plan


def update_plan(
    *, plan: RebalancePlan, by: User | None, now: datetime | None = None, seen_version: int | None = None, **fields: Any
) -> RebalancePlan:
    """The named fields changed; a new version. Raises PlanInvalid, PlanChanged, or ApiError for a name in use."""
    values = read_fields(fields)
    try:
        with transaction.atomic():
            plan = RebalancePlan.objects.select_for_update().select_related("account").get(pk=plan.pk)
            if seen_version is not None and seen_version != plan.version:
                raise PlanChanged(plan)
            changed = {name: value for name, value in values.items() if getattr(plan, name) != value}
            if not changed:
                return plan
            for name, value in changed.items():
                setattr(plan, name, value)
            plan.version += 1
            plan.save()
            text = Text(
                f"리밸런싱 계획을 고쳤습니다: {plan} ({', '.join(changed)})",
                f"Rebalancing plan changed: {plan} ({', '.join(changed)})",
            )
            _journal(plan, by, now, text)
    except IntegrityError:
        raise _name_taken() from None
    return plan


def set_plan_enabled(
    *, plan: RebalancePlan, enabled: bool, confirm: str, by: User | None, now: datetime | None = None
) -> RebalancePlan:
    """The wanted state. `confirm` must equal the account's nickname, else ConfirmationMismatch."""
    at = now or timezone.now()
    with transaction.atomic():
        plan = RebalancePlan.objects.select_for_update().select_related("account").get(pk=plan.pk)
        if confirm != plan.account.nickname:
            raise ConfirmationMismatch
        if plan.enabled == enabled:
            return plan
        plan.enabled, plan.enabled_at = enabled, at if enabled else None
        plan.save(update_fields=["enabled", "enabled_at", "updated_at"])
        on = Text(f"리밸런싱 계획을 켰습니다: {plan}", f"Rebalancing plan switched on: {plan}")
        off = Text(f"리밸런싱 계획을 껐습니다: {plan}", f"Rebalancing plan switched off: {plan}")
        _journal(plan, by, at, on if enabled else off)
    return plan


def delete_plan(*, plan: RebalancePlan, by: User | None, now: datetime | None = None) -> None:
    """Away with it and the history of its runs; the orders stay."""
    with transaction.atomic():
        _journal(plan, by, now, Text(f"리밸런싱 계획을 지웠습니다: {plan}", f"Rebalancing plan deleted: {plan}"))
        plan.delete()


def read_fields(fields: Mapping[str, Any], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields as the table keeps them. Raises PlanInvalid with a sentence per field."""
    values: dict[str, Any] = {}
    problems: Problems = {}
    for name in needed:
        if name not in fields:
            problems[name] = [Text("꼭 있어야 합니다.", "This is required.")]
    for name, given in fields.items():
        reader = READERS.get(name)
        if reader is None:
            problems[name] = [Text("알 수 없는 항목입니다.", "There is no such field.")]
            continue
        try:
            values[name] = reader(given)
        except Wrong as wrong:
            problems[name] = [wrong.text]
    if problems:
        raise PlanInvalid(problems)
    return values


class Wrong(Exception):
    """One field; `text` says what was expected."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def _name(given: Any) -> str:
    if not isinstance(given, str) or not 1 <= len(given.strip()) <= 80 or "\x00" in given:
        raise Wrong(Text("1~80자의 이름이어야 합니다.", "A name of 1 to 80 characters is expected."))
    return given.strip()


def _percent(given: Any, least: Decimal, most: Decimal) -> Decimal:
    expected = Wrong(
        Text(f"{least}에서 {most} 사이의 퍼센트여야 합니다.", f"A percent between {least} and {most} is expected.")
    )
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise expected
    try:
        value = Decimal(str(given))
        if not value.is_finite() or value != value.quantize(PERCENT_STEP) or not least <= value <= most:
            raise expected
    except InvalidOperation:
        raise expected from None
    return value


def _weights(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping) or not 1 <= len(given) <= MOST_SYMBOLS:
        raise Wrong(
            Text(
                f'종목과 퍼센트를 1~{MOST_SYMBOLS}개 적어 주세요. 예: {{"SPY": "60"}}',
                f'1 to {MOST_SYMBOLS} symbols with a percent each are expected, such as {{"SPY": "60"}}.',
            )
        )
    weights = {str(s).strip().upper(): _percent(p, ZERO, HUNDRED) for s, p in given.items()}
    if len(weights) != len(given):
        raise Wrong(Text("같은 종목이 두 번 있습니다.", "A symbol is there twice."))
    known = exchanges_of(weights)
    if unknown := sorted(set(weights) - set(known)):
        names = ", ".join(name[:16] for name in unknown)
        raise Wrong(Text(f"{names}: 등록되지 않은 종목입니다.", f"{names}: no such instrument is registered."))
    if (total := sum(weights.values(), ZERO)) > HUNDRED:
        raise Wrong(Text(f"비중의 합이 {total}%입니다. 100% 이하여야 합니다.",
                         f"The weights add up to {total} %; at most 100 is possible."))  # fmt: skip
    return {symbol: f"{percent.normalize():f}" for symbol, percent in sorted(weights.items())}


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(given: Any) -> int:
        if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
            raise Wrong(
                Text(
                    f"{least}에서 {most} 사이의 정수여야 합니다.", f"A whole number from {least} to {most} is expected."
                )
            )
        return given

    return read


def _yes_or_no(given: Any) -> bool:
    if not isinstance(given, bool):
        raise Wrong(Text("true 또는 false여야 합니다.", "true or false is expected."))
    return given


def _rhythm(given: Any) -> Rhythm:
    try:
        return Rhythm(given)
    except (ValueError, TypeError):
        words = ", ".join(Rhythm)
        raise Wrong(Text(f"{words} 가운데 하나여야 합니다.", f"One of {words} is expected.")) from None


READERS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "weights": _weights,
    "band_pct": lambda given: _percent(given, LEAST_BAND, MOST_BAND),
    "schedule": _rhythm,
    "weekday": _whole(0, 4),
    "month_day": _whole(1, 31),
    "minutes_after_open": _whole(0, 360),
    "include_rule_positions": _yes_or_no,
}


def _name_taken() -> ApiError:
    text = Text("같은 이름의 계획이 있습니다.", "The account has a plan of that name.")
    return ApiError("already_exists", text, 409, {"name": [text]})


def _journal(plan: RebalancePlan, by: User | None, now: datetime | None, message: Text) -> None:
    ctx = {"plan_id": str(plan.pk), "by": by.email if by else None, "weights": plan.weights}
    record(account=plan.account, message=message, ctx=ctx, at=now or timezone.now())

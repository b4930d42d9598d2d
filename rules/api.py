"""Rules over HTTP: read, write, switch, check, explain; and their signals."""

import re
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import operable_account, readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, In, ModelOut, Money, Out, Price, TextOut, paged
from market.errors import Text
from market.words import EvaluateOn, Exchange, Session, Timeframe, TimeInForce
from rules import selectors, services
from rules.fields import READERS, read_fields
from rules.models import PERCENT, StrategySignal, TradeRule
from rules.words import (
    MOST_CLOSE_MARGIN_SEC,
    MOST_OFFSET_BPS,
    MOST_OFFSET_TICKS,
    MOST_REPRICES,
    MOST_SLIPPAGE_BPS,
    AtClose,
    Mode,
    OrderPrice,
    SignalType,
)


def _choices(enum: Any) -> list[str]:
    return [member.value for member in enum]


class RuleStateOut(Out):
    """What the rule owns, and its latest evaluation as `GET /rules/{id}/explain` gives it."""

    qty = serializers.IntegerField()
    avg_price = Price(allow_null=True)
    last_evaluation = serializers.DictField(allow_null=True)
    stopped_because = TextOut(allow_null=True)


class Percent(serializers.DecimalField):
    """Percent as a decimal string: "3.0000" is three percent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**PERCENT, **options)


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string"}]})
class NumberOrWord(serializers.JSONField):
    """A number, or the word of a choice."""


class ParamIn(serializers.Serializer):
    """One parameter; a bare number stands for its default."""

    type = serializers.ChoiceField(choices=["int", "number", "choice"], required=False)
    default = NumberOrWord()
    value = NumberOrWord(required=False)
    min = serializers.FloatField(required=False)
    max = serializers.FloatField(required=False)
    choices = serializers.ListField(child=serializers.CharField(), required=False)
    title = serializers.JSONField(required=False, help_text="text, or {ko, en}")


class ParamsField(serializers.DictField):
    """Parameters by name."""

    child = ParamIn()

    def to_representation(self, value: Any) -> Any:
        return value


class RuleOut(ModelOut):
    """A rule as it stands; `version` counts its texts, `enabled` is the wanted state."""

    account_id = serializers.UUIDField()
    exchange = serializers.ChoiceField(choices=_choices(Exchange))
    mode = serializers.ChoiceField(choices=_choices(Mode))
    timeframe = serializers.ChoiceField(choices=_choices(Timeframe))
    evaluate_on = serializers.ChoiceField(choices=_choices(EvaluateOn))
    buy_amount_usd = Money()
    params = ParamsField()
    stop_loss_pct = Percent(allow_null=True)
    take_profit_pct = Percent(allow_null=True)
    trailing_stop_pct = Percent(allow_null=True)
    time_in_force = serializers.ChoiceField(choices=_choices(TimeInForce))
    order_price = serializers.ChoiceField(choices=_choices(OrderPrice))
    at_close = serializers.ChoiceField(choices=_choices(AtClose))
    sessions = serializers.ListField(child=serializers.ChoiceField(choices=_choices(Session)))
    state = serializers.SerializerMethodField()

    class Meta:
        model = TradeRule
        fields = [
            "id", "account_id", "symbol", "exchange", "name", "mode", "timeframe", "evaluate_on", "buy_amount_usd",
            "max_position", "entry_condition", "exit_condition", "code", "params", "stop_loss_pct", "take_profit_pct",
            "trailing_stop_pct", "time_in_force", "cooldown_sec", "sessions", "order_price", "price_offset_bps",
            "price_offset_ticks", "cancel_after_sec", "reprice_times", "reprice_after_sec", "max_slippage_bps",
            "at_close", "close_margin_sec", "max_entries", "enabled", "version", "state", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field(RuleStateOut)
    def get_state(self, rule: TradeRule) -> dict[str, Any]:
        return RuleStateOut(selectors.state_of(rule)).data


class ConditionField(serializers.JSONField):
    """A condition: text, its JSON tree, or a mapping."""


class RuleIn(serializers.Serializer):
    """Only for the schema: the fields are read by `rules.fields`, the same for the API and for rule files."""

    symbol = serializers.CharField()
    exchange = serializers.ChoiceField(choices=_choices(Exchange), required=False)
    name = serializers.CharField(required=False, max_length=80)
    mode = serializers.ChoiceField(choices=_choices(Mode), required=False)
    timeframe = serializers.ChoiceField(choices=_choices(Timeframe), required=False)
    evaluate_on = serializers.ChoiceField(choices=_choices(EvaluateOn), required=False)
    buy_amount_usd = Money()
    max_position = serializers.IntegerField(required=False, min_value=1)
    entry_condition = ConditionField(required=False, help_text="a rule of conditions needs one")
    exit_condition = ConditionField(required=False, help_text="or a stop; `false` never sells")
    code = serializers.CharField(required=False, allow_blank=True, help_text="python rules: the text of `decide`")
    params = ParamsField(required=False)
    stop_loss_pct = Percent(required=False, allow_null=True, help_text="above 0, below 100")
    take_profit_pct = Percent(required=False, allow_null=True, help_text="above 0")
    trailing_stop_pct = Percent(required=False, allow_null=True, help_text="above 0, below 100")
    time_in_force = serializers.ChoiceField(choices=_choices(TimeInForce), required=False)
    cooldown_sec = serializers.IntegerField(required=False, min_value=0)
    sessions = serializers.ListField(child=serializers.ChoiceField(choices=_choices(Session)), required=False)
    order_price = serializers.ChoiceField(choices=_choices(OrderPrice), required=False)
    price_offset_bps = serializers.IntegerField(
        required=False, min_value=-MOST_OFFSET_BPS, max_value=MOST_OFFSET_BPS, help_text="against us; below 0 for us"
    )
    price_offset_ticks = serializers.IntegerField(
        required=False, min_value=-MOST_OFFSET_TICKS, max_value=MOST_OFFSET_TICKS
    )
    cancel_after_sec = serializers.IntegerField(
        required=False, min_value=1, allow_null=True, help_text="from the first order of the decision"
    )
    reprice_times = serializers.IntegerField(required=False, min_value=0, max_value=MOST_REPRICES)
    reprice_after_sec = serializers.IntegerField(required=False, min_value=1, allow_null=True)
    max_slippage_bps = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SLIPPAGE_BPS,
        allow_null=True,
        help_text="from the first limit, against us; null: as far as the collar of that side",
    )
    at_close = serializers.ChoiceField(choices=_choices(AtClose), required=False)
    close_margin_sec = serializers.IntegerField(required=False, min_value=1, max_value=MOST_CLOSE_MARGIN_SEC)
    max_entries = serializers.IntegerField(
        required=False, min_value=1, help_text="how often it may buy before it has sold; never above max_position"
    )


class NewRuleIn(RuleIn):
    account_id = serializers.UUIDField()


class AccountIn(serializers.Serializer):
    account_id = serializers.UUIDField()


class ToggleIn(In):
    enabled = serializers.BooleanField()
    confirm = serializers.CharField(help_text="the account's nickname, typed")


class CheckIn(In):
    """One of them: a condition, a rule's fields, or the text of a rule file."""

    condition = ConditionField(required=False)
    fields = RuleIn(required=False, partial=True)  # type: ignore[assignment]
    yaml = serializers.CharField(required=False, trim_whitespace=False)
    account_id = serializers.UUIDField(required=False, help_text="the account that the rule is for")


class IndicatorOut(Out):
    name = serializers.CharField()
    title = TextOut()
    definition = TextOut()


class RuleProblemOut(Out):
    """What is wrong, and where: the field, line and column from 1 (or the path in a mapping), and what would be
    right."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = TextOut()
    expected = TextOut(allow_null=True)
    suggestion = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    path = serializers.CharField()


class NeedOut(Out):
    """A series that must be there; null is the rule's own symbol or timeframe."""

    symbol = serializers.CharField(allow_null=True)
    timeframe = serializers.ChoiceField(choices=_choices(Timeframe), allow_null=True)
    bars = serializers.IntegerField(help_text="bars that a window reads, the newest included")
    before_anchor = serializers.IntegerField(
        allow_null=True, help_text="bars before today's in which recursive indicators settle; null without any"
    )


class ConditionOut(Out):
    text = serializers.CharField()
    tree = serializers.DictField()


class CheckOut(Out):
    """Canonical text and tree of a valid condition and what it must see; or everything that is wrong.

    `error` is the first of `errors`. Of a whole rule `conditions` has the texts and trees, by field.
    """

    valid = serializers.BooleanField()
    errors = RuleProblemOut(many=True)  # type: ignore[assignment]
    error = RuleProblemOut(allow_null=True)
    warnings = RuleProblemOut(many=True)
    text = serializers.CharField(allow_null=True)
    tree = serializers.DictField(allow_null=True)
    look_back = serializers.IntegerField(allow_null=True)
    uses = IndicatorOut(many=True)
    needs = NeedOut(many=True)
    conditions = serializers.DictField(child=ConditionOut())


class ExplainOut(Out):
    """The latest evaluation; null until the rule's bot has looked once."""

    rule_id = serializers.UUIDField()
    evaluated_at = serializers.DateTimeField(allow_null=True)
    evaluation = serializers.DictField(allow_null=True)


class SignalOut(ModelOut):
    """One edge: an entry, an exit, or a veto by the guards. `score` in [0, 1]."""

    rule_id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=_choices(SignalType))
    score = serializers.DecimalField(max_digits=6, decimal_places=5)
    payload = serializers.DictField()

    class Meta:
        model = StrategySignal
        fields = ["id", "rule_id", "rule_version", "type", "score", "payload", "created_at"]


ONE_OF = str(Text("condition, fields, yaml 가운데 하나를 보내 주세요.", "Send one of condition, fields and yaml."))


def _mapping(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ParseError
    return dict(request.data)


def _query_id(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name)
    return None if not text else serializers.UUIDField().run_validation(text)


def readable(request: Request, rule_id: UUID) -> TradeRule:
    """The rule, or 404: what is not yours to see does not exist."""
    rule = selectors.readable_rule(request.user, rule_id)
    if rule is None:
        raise NotFound
    return rule


def _operable(request: Request, rule_id: UUID) -> TradeRule:
    rule = selectors.operable_rule(request.user, rule_id)
    if rule is None:
        raise NotFound
    return rule


def _answer(rule: TradeRule, status: int = 200) -> Response:
    return Response(RuleOut(rule).data, status=status, headers={"ETag": f'"{rule.version}"'})


def _seen_version(request: Request) -> int | None:
    """The version in If-Match; 0, which no rule has, when it is not one of ours."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    return None if text in ("", "*") else int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


class Rules(APIView):
    @extend_schema(
        operation_id="rules_list",
        parameters=[OpenApiParameter("account_id", OpenApiTypes.UUID), *PAGE_PARAMETERS],
        responses={200: paged(RuleOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """Rules of the accounts that the person may read, newest first."""
        rows = selectors.rules_for(request.user)
        account_id = _query_id(request, "account_id")
        if account_id is not None:
            rows = rows.filter(account=readable_account(request.user, account_id))
        return Response(page(request, rows, shape=lambda found: RuleOut(found, many=True).data))

    @extend_schema(
        operation_id="rules_create",
        request=NewRuleIn,
        responses={201: RuleOut, **problems(400, 401, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """A new rule, switched off."""
        fields = _mapping(request)
        asked = AccountIn(data={"account_id": fields.pop("account_id", None)})
        asked.is_valid(raise_exception=True)
        account = operable_account(request.user, asked.validated_data["account_id"])
        return _answer(services.create_rule(account=account, by=request.user, **_named(fields)), 201)


class RuleDetail(APIView):
    @extend_schema(operation_id="rules_retrieve", responses={200: RuleOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        return _answer(readable(request, id))

    @extend_schema(
        operation_id="rules_update",
        request=RuleIn(partial=True),
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="the version you read")],
        responses={200: RuleOut, **problems(400, 401, 403, 404, 409, 412)},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """The named fields changed: a new version of the rule."""
        rule = services.update_rule(
            rule=_operable(request, id),
            by=request.user,
            seen_version=_seen_version(request),
            **_named(_mapping(request)),
        )
        return _answer(rule)

    @extend_schema(operation_id="rules_delete", responses={204: None, **problems(401, 403, 404, 409)})
    def delete(self, request: Request, id: UUID) -> Response:
        """Only a rule that owns nothing and has no order at work."""
        services.delete_rule(rule=_operable(request, id), by=request.user)
        return Response(status=204)


class RuleToggle(APIView):
    @extend_schema(
        operation_id="rules_toggle", request=ToggleIn, responses={200: RuleOut, **problems(400, 401, 403, 404, 409)}
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Switch on or off; `confirm` is the account's nickname. Never flips blindly."""
        asked = ToggleIn(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(services.set_rule_enabled(rule=_operable(request, id), by=request.user, **asked.validated_data))


class RuleCheck(APIView):
    @extend_schema(
        operation_id="rules_check", request=CheckIn, responses={200: CheckOut, **problems(400, 401, 403, 404)}
    )
    def post(self, request: Request) -> Response:
        """What a condition, a rule or a rule file means, or what is wrong with it and where; nothing is stored."""
        asked = _mapping(request)
        account_id = asked.pop("account_id", None)
        account = None
        if account_id is not None:
            account = readable_account(request.user, serializers.UUIDField().run_validation(account_id))
        if len(asked) != 1 or not set(asked) <= {"condition", "fields", "yaml"}:
            raise serializers.ValidationError(ONE_OF)
        return Response(CheckOut(services.check(account=account, **asked)).data)


class RuleExplain(APIView):
    @extend_schema(operation_id="rules_explain", responses={200: ExplainOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """Why the rule did, or did not do, what it last looked at."""
        state = selectors.state_of(readable(request, id))
        found = {
            "rule_id": id,
            "evaluated_at": state.last_evaluated_at,
            "evaluation": state.last_evaluation,
        }
        return Response(ExplainOut(found).data)


class Signals(APIView):
    @extend_schema(
        operation_id="signals_list",
        parameters=[OpenApiParameter("rule_id", OpenApiTypes.UUID), *PAGE_PARAMETERS],
        responses={200: paged(SignalOut), **problems(400, 401, 404)},
    )
    def get(self, request: Request) -> Response:
        """Entries, exits and vetoes of the rules that the person may read, newest first."""
        rule_id = _query_id(request, "rule_id")
        if rule_id is not None:
            readable(request, rule_id)
        rows = selectors.signals_for(request.user, rule_id)
        return Response(page(request, rows, shape=lambda found: SignalOut(found, many=True).data))


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as keyword arguments; a stranger is refused before it can meet an argument of the service."""
    strangers = {name: value for name, value in fields.items() if name not in READERS}
    if strangers:
        raise services.RuleInvalid(read_fields(strangers)[1])
    return fields

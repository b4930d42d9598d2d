"""Rules as texts over HTTP: import, export, versions; and what an editor needs to help a person write one."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import operable_account
from api.problems import problems
from api.serializers import In, Money, Out, TextOut
from rules import services, texts, vocabulary
from rules.api import RuleOut, RuleProblemOut, readable
from rules.checking import plain
from rules.fields import missing, with_defaults
from rules.problems import errors_of
from rules.selectors import versions_of
from rules.whole import judge


class ImportIn(In):
    """The text of a rule file or of an official `.kis.yaml`; what else is given outranks the file."""

    text = serializers.CharField(trim_whitespace=False, max_length=200_000)
    account_id = serializers.UUIDField(required=False, help_text="needed to save")
    symbol = serializers.CharField(required=False, help_text="an official file names none")
    buy_amount_usd = Money(required=False, help_text="an official file names none")
    name = serializers.CharField(required=False, max_length=80)
    save = serializers.BooleanField(default=False)


class NoteOut(Out):
    """A remark about a line of an official file; `lost` is what the rule does not have of it."""

    line = serializers.IntegerField()
    column = serializers.IntegerField()
    code = serializers.CharField()
    message = TextOut()
    severity = serializers.ChoiceField(choices=["info", "warning", "lost"])


class ImportOut(Out):
    """The fields as `POST /rules` takes them, remarks by line, what is still wrong or missing; the rule, when saved."""

    format = serializers.ChoiceField(choices=[texts.RULE, texts.KIS_YAML])
    fields = serializers.DictField()  # type: ignore[assignment]
    notes = NoteOut(many=True)
    errors = RuleProblemOut(many=True)  # type: ignore[assignment]
    warnings = RuleProblemOut(many=True)
    rule = RuleOut(allow_null=True)


class VersionOut(Out):
    """A text the rule has had. `changed` and `diff` are against the version before."""

    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    changed_by = serializers.CharField(allow_null=True)
    fields = serializers.DictField()  # type: ignore[assignment]
    text = serializers.CharField(help_text="as a rule file")
    changed = serializers.ListField(child=serializers.CharField())
    diff = serializers.ListField(child=serializers.CharField(), help_text="lines that went (-) and came (+)")


class VersionsOut(Out):
    results = VersionOut(many=True)


class ReadyRuleOut(Out):
    """A rule that ships: its idea, and a text to begin with."""

    id = serializers.CharField()
    title = TextOut()
    description = TextOut()
    fields = serializers.DictField()  # type: ignore[assignment]
    text = serializers.CharField(help_text="as a rule file")


class ReadyRulesOut(Out):
    results = ReadyRuleOut(many=True)


class SettingOut(Out):
    """A parameter of an indicator."""

    name = serializers.CharField()
    title = TextOut()
    type = serializers.ChoiceField(choices=["int", "number", "choice"])
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    default = serializers.JSONField()
    choices = serializers.ListField(child=serializers.CharField())


class OutputOut(Out):
    """One of an indicator's values, with the range that it never leaves, if it has one."""

    name = serializers.CharField()
    title = TextOut()
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class NameWordOut(Out):
    name = serializers.CharField()
    title = TextOut()
    definition = TextOut()
    unit = serializers.CharField(allow_null=True)


class IndicatorWordOut(Out):
    name = serializers.CharField()
    title = TextOut()
    definition = TextOut()
    group = serializers.CharField()
    sourced = serializers.BooleanField(help_text="another column may be read: `sma(volume, 20)`")
    parameters = SettingOut(many=True)
    outputs = OutputOut(many=True)
    example = serializers.CharField()


class PatternWordOut(Out):
    name = serializers.CharField()
    title = TextOut()
    definition = TextOut()
    candles = serializers.IntegerField()
    signals = serializers.ListField(child=serializers.CharField())
    example = serializers.CharField()


class VocabularyOut(Out):
    """Every word of the language, for completion and help."""

    names = NameWordOut(many=True)
    indicators = IndicatorWordOut(many=True)
    patterns = PatternWordOut(many=True)
    operators = serializers.ListField(child=serializers.CharField())
    timeframes = serializers.ListField(child=serializers.CharField())
    words = serializers.ListField(child=serializers.CharField(), help_text="values such as `regular`")


class RuleImport(APIView):
    @extend_schema(
        operation_id="rules_import",
        request=ImportIn,
        responses={200: ImportOut, 201: ImportOut, **problems(400, 401, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """What a file says, by line; with `save` also the rule, switched off."""
        asked = ImportIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        save, account_id = given.pop("save"), given.pop("account_id", None)
        account = operable_account(request.user, account_id) if account_id or save else None
        found = texts.read_text(given.pop("text"), **given)
        if not save:
            return Response(_imported(found, account.environment if account else None))
        if found.problems:
            raise services.RuleInvalid(found.problems)
        rule = services.create_rule(account=account, by=request.user, **found.fields)
        return Response(_imported(found, account.environment, RuleOut(rule).data), status=201)


def _imported(found: texts.Import, environment: str | None, rule: Any = None) -> dict[str, Any]:
    wrong = {problem.field for problem in found.problems}
    judged = judge(with_defaults(found.fields), environment=environment).problems
    every = [*found.problems, *missing(found.fields), *(p for p in judged if p.field not in wrong)]
    return {
        "format": found.format,
        "fields": plain(found.fields),
        "notes": list(found.notes),
        "errors": [p.as_dict() for p in errors_of(every)],
        "warnings": [p.as_dict() for p in every if p.warns],
        "rule": rule,
    }


class _Files(DefaultContentNegotiation):
    """`format` names the file's format here, not the renderer."""

    def select_renderer(self, request: Request, renderers: list, format_suffix: str | None = None) -> tuple:
        return renderers[0], renderers[0].media_type


class RuleExport(APIView):
    content_negotiation_class = _Files

    @extend_schema(
        operation_id="rules_export",
        parameters=[
            OpenApiParameter("format", str, enum=["yaml", "kis_yaml"], description="ours, or the official one"),
            OpenApiParameter("profile", str, enum=["both", "backtester"], description="official: who shall read it"),
        ],
        responses={(200, "application/yaml"): OpenApiTypes.STR, **problems(400, 401, 404, 422)},
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:
        """The rule as a file; 422 with the parts that an official file has no words for."""
        rule = readable(request, id)
        asked = _Export(data=request.query_params)
        asked.is_valid(raise_exception=True)
        name, text = texts.write_text(rule, **asked.validated_data)
        disposition = f"attachment; filename*=UTF-8''{quote(name)}"
        return HttpResponse(
            text, content_type="application/yaml; charset=utf-8", headers={"Content-Disposition": disposition}
        )


class _Export(serializers.Serializer):
    format = serializers.ChoiceField(choices=["yaml", "kis_yaml"], default="yaml")
    profile = serializers.ChoiceField(choices=["both", "backtester"], default="both")


class RuleVersions(APIView):
    @extend_schema(operation_id="rules_versions", responses={200: VersionsOut, **problems(401, 404)})
    def get(self, request: Request, id: UUID) -> Response:
        """Every text the rule has had, newest first: who changed it when, and what."""
        found = versions_of(readable(request, id))
        rows = [texts.version_row(v, before) for v, before in zip(found, [*found[1:], None], strict=True)]
        return Response(VersionsOut({"results": rows}).data)


class RuleSchema(APIView):
    @extend_schema(operation_id="rules_schema", responses={(200, "application/schema+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """JSON Schema of a rule file, for editors."""
        return Response(vocabulary.rule_schema(), content_type="application/schema+json")


class ReadyRules(APIView):
    @extend_schema(operation_id="rules_ready", responses={200: ReadyRulesOut, **problems(401)})
    def get(self, request: Request) -> Response:
        """The rules that ship, to begin with."""
        return Response(ReadyRulesOut({"results": vocabulary.ready_rows()}).data)


class Vocabulary(APIView):
    @extend_schema(operation_id="rules_vocabulary", responses={200: VocabularyOut, **problems(401)})
    def get(self, request: Request) -> Response:
        """Names, indicators and patterns with their definitions: for completion and help."""
        return Response(VocabularyOut(vocabulary.words()).data)

"""A person's channels over HTTP. The address goes in and never comes out."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import readable_account
from api.pagination import page
from api.problems import problems
from api.serializers import PAGE_PARAMETERS, In, Out, paged
from logs.models import Channel, ChannelKind, Level
from logs.notifications import services
from logs.notifications.delivery import WAITING
from logs.notifications.events import EVENTS
from market.errors import Text

CLOCK = {"format": "%H:%M", "input_formats": ["%H:%M", "%H:%M:%S"]}
NAMES = sorted(EVENTS)
LEVELS = [level.value for level in Level]


class ChannelTroubleOut(Out):
    """Why the last message was not taken."""

    ko = serializers.CharField()
    en = serializers.CharField()
    at = serializers.DateTimeField()


class ChannelOut(Out):
    """Where a person is told of events. `url` shows as much as may be read; `waiting` events are not sent yet."""

    id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=[kind.value for kind in ChannelKind])
    url = serializers.CharField()
    accounts = serializers.ListField(child=serializers.UUIDField())
    events = serializers.ListField(child=serializers.ChoiceField(choices=NAMES))
    level = serializers.ChoiceField(choices=LEVELS)
    quiet_from = serializers.TimeField(allow_null=True, **CLOCK)
    quiet_to = serializers.TimeField(allow_null=True, **CLOCK)
    enabled = serializers.BooleanField()
    trouble = ChannelTroubleOut(allow_null=True)
    waiting = serializers.IntegerField()
    last_sent_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ChannelPatch(In):
    """What may be changed. No accounts: all that the person may read; no events: the usual ones. Times in Seoul."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=60)
    url = serializers.CharField(required=False, max_length=1000, trim_whitespace=True)
    accounts = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=200)
    events = serializers.ListField(child=serializers.ChoiceField(choices=NAMES), required=False)
    level = serializers.ChoiceField(choices=LEVELS, required=False)
    quiet_from = serializers.TimeField(required=False, allow_null=True, **CLOCK)
    quiet_to = serializers.TimeField(required=False, allow_null=True, **CLOCK)
    enabled = serializers.BooleanField(required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        before = self.instance
        ends = [values.get(name, getattr(before, name, None)) for name in ("quiet_from", "quiet_to")]
        if ends.count(None) == 1:
            text = Text("시작과 끝을 모두 적어 주세요.", "Give both ends, or neither.")
            raise serializers.ValidationError({"quiet_to": [str(text)]})
        return values


class ChannelIn(ChannelPatch):
    kind = serializers.ChoiceField(choices=[kind.value for kind in ChannelKind])
    url = serializers.CharField(
        max_length=1000,
        help_text="tgram://BOT_TOKEN/CHAT_ID, https://discord.com/api/webhooks/ID/TOKEN, or your own https address",
    )


class Channels(APIView):
    @extend_schema(
        operation_id="notifications_list",
        parameters=PAGE_PARAMETERS,
        responses={200: paged(ChannelOut), **problems(400, 401)},
    )
    def get(self, request: Request) -> Response:
        """The person's own channels."""
        rows = _mine(request)
        return Response(page(request, rows, ordering=("created_at", "id"), shape=lambda found: map(shape, found)))

    @extend_schema(
        operation_id="notifications_create",
        request=ChannelIn,
        responses={201: ChannelOut, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """A channel; it is told of what happens from now on."""
        told = _read(request, ChannelIn(data=request.data))
        channel = services.create_channel(user=request.user, **told)
        return Response(shape(_one(request, channel.pk)), status=201)


class ChannelDetail(APIView):
    @extend_schema(
        operation_id="notifications_update",
        request=ChannelPatch,
        responses={200: ChannelOut, **problems(400, 401, 403, 404)},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        """Change what is named; with another address, or switched on again, nothing old is sent."""
        channel = _one(request, id)
        told = _read(request, ChannelPatch(channel, data=request.data, partial=True))
        services.update_channel(channel=channel, **told)
        return Response(shape(_one(request, id)))

    @extend_schema(operation_id="notifications_destroy", responses={204: None, **problems(401, 403, 404)})
    def delete(self, request: Request, id: UUID) -> Response:
        """Tell nobody there any more."""
        services.delete_channel(channel=_one(request, id))
        return Response(status=204)


class ChannelTest(APIView):
    @extend_schema(
        operation_id="notifications_test", request=None, responses={200: ChannelOut, **problems(401, 403, 404, 424)}
    )
    def post(self, request: Request, id: UUID) -> Response:
        """Send one message now; 424 says why it was not taken."""
        services.test_channel(channel=_one(request, id), now=timezone.now())
        return Response(shape(_one(request, id)))


def shape(channel: Channel) -> dict[str, Any]:
    """The channel as the outside sees it."""
    return {
        "id": str(channel.pk),
        "name": channel.name,
        "kind": str(channel.kind),
        "url": channel.shown,
        "accounts": sorted(str(account.pk) for account in channel.accounts.all()),
        "events": channel.events,
        "level": str(channel.level),
        "quiet_from": channel.quiet_from and f"{channel.quiet_from:%H:%M}",
        "quiet_to": channel.quiet_to and f"{channel.quiet_to:%H:%M}",
        "enabled": channel.enabled,
        "trouble": channel.trouble,
        "waiting": channel.waiting,  # type: ignore[attr-defined]  # of `_mine`
        "last_sent_at": _time(channel.last_sent_at),
        "created_at": _time(channel.created_at),
    }


def _time(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _mine(request: Request) -> Any:
    waiting = Count("deliveries", filter=Q(deliveries__status__in=WAITING))
    return Channel.objects.filter(user=request.user).annotate(waiting=waiting).prefetch_related("accounts")


def _one(request: Request, pk: UUID) -> Channel:
    channel = _mine(request).select_related("user").filter(pk=pk).first()
    if channel is None:
        raise NotFound
    return channel


def _read(request: Request, body: ChannelPatch) -> dict[str, Any]:
    body.is_valid(raise_exception=True)
    told = dict(body.validated_data)
    if "accounts" in told:
        told["accounts"] = [readable_account(request.user, pk) for pk in told["accounts"]]
    return told

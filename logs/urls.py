"""The journal's addresses, under /api/."""

from django.urls import path

from logs.api import logs
from logs.notifications.api import ChannelDetail, Channels, ChannelTest

urlpatterns = [
    path("logs", logs, name="logs"),
    path("notifications", Channels.as_view()),
    path("notifications/<uuid:id>", ChannelDetail.as_view()),
    path("notifications/<uuid:id>:test", ChannelTest.as_view()),
]

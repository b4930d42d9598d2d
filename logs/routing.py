"""The journal over WebSocket."""

from django.urls import path

from logs.consumers import StreamConsumer

websocket_urlpatterns = [path("ws/stream", StreamConsumer.as_asgi())]

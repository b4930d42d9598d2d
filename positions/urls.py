from django.urls import path

from positions import api

urlpatterns = [
    path("positions", api.Positions.as_view()),
    path("accounts/<uuid:id>/equity", api.Equity.as_view()),
]

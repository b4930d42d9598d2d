from django.urls import path

from positions import api

urlpatterns = [
    path("positions", api.Positions.as_view()),
    path("positions/<uuid:id>:release", api.ReleasePosition.as_view()),
    path("positions/<uuid:id>:accept", api.AcceptPosition.as_view()),
    path("accounts/<uuid:id>/equity", api.Equity.as_view()),
    path("accounts/<uuid:id>/cash_flows", api.CashFlows.as_view()),
    path("accounts/<uuid:id>/losses", api.AccountLosses.as_view()),
]

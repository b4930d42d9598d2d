from django.urls import path

from backtests import api

urlpatterns = [
    path("backtests", api.Backtests.as_view()),
    path("backtests/<uuid:id>", api.BacktestDetail.as_view()),
    path("backtests/<uuid:id>/report", api.BacktestReport.as_view()),
    path("backtests/<uuid:id>:cancel", api.BacktestCancel.as_view()),
    path("rules:preview", api.RulePreview.as_view()),
]

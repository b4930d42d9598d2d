from django.urls import path

from rules.api import RuleCheck, RuleDetail, RuleExplain, Rules, RuleToggle, Signals

urlpatterns = [
    path("rules", Rules.as_view()),
    path("rules:check", RuleCheck.as_view()),
    path("rules/<uuid:id>", RuleDetail.as_view()),
    path("rules/<uuid:id>:toggle", RuleToggle.as_view()),
    path("rules/<uuid:id>/explain", RuleExplain.as_view()),
    path("signals", Signals.as_view()),
]

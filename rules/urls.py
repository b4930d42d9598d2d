from django.urls import path

from rules.api import RuleCheck, RuleDetail, RuleExplain, Rules, RuleToggle, Signals
from rules.api_texts import ReadyRules, RuleExport, RuleImport, RuleSchema, RuleVersions, Vocabulary

urlpatterns = [
    path("rules", Rules.as_view()),
    path("rules:check", RuleCheck.as_view()),
    path("rules:import", RuleImport.as_view()),
    path("rules/schema", RuleSchema.as_view()),
    path("rules/ready", ReadyRules.as_view()),
    path("rules/vocabulary", Vocabulary.as_view()),
    path("rules/<uuid:id>", RuleDetail.as_view()),
    path("rules/<uuid:id>:toggle", RuleToggle.as_view()),
    path("rules/<uuid:id>/explain", RuleExplain.as_view()),
    path("rules/<uuid:id>/export", RuleExport.as_view()),
    path("rules/<uuid:id>/versions", RuleVersions.as_view()),
    path("signals", Signals.as_view()),
]

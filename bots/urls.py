from django.urls import path

from bots import api
from bots.closures_api import ClosureDetail, Closures
from bots.rebalancing_api import (
    RebalanceDetail,
    RebalanceNow,
    RebalancePreview,
    RebalanceRuns,
    Rebalances,
    RebalanceToggle,
)

urlpatterns = [
    path("closures", Closures.as_view()),
    path("closures/<uuid:id>", ClosureDetail.as_view()),
    path("rebalances", Rebalances.as_view()),
    path("rebalances/<uuid:id>", RebalanceDetail.as_view()),
    path("rebalances/<uuid:id>:toggle", RebalanceToggle.as_view()),
    path("rebalances/<uuid:id>:preview", RebalancePreview.as_view()),
    path("rebalances/<uuid:id>:run", RebalanceNow.as_view()),
    path("rebalances/<uuid:id>/runs", RebalanceRuns.as_view()),
    path("budgets", api.Budgets.as_view()),
    path("bots", api.Bots.as_view()),
    path("bots:halt", api.Halt.as_view()),
    path("bots:resume", api.Resume.as_view()),
    path("bots/<uuid:account_id>:start", api.StartBot.as_view()),
    path("bots/<uuid:account_id>:stop", api.StopBot.as_view()),
]

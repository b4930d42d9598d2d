from django.urls import path

from bots import api

urlpatterns = [
    path("budgets", api.Budgets.as_view()),
    path("bots", api.Bots.as_view()),
    path("bots:halt", api.Halt.as_view()),
    path("bots:resume", api.Resume.as_view()),
    path("bots/<uuid:account_id>:start", api.StartBot.as_view()),
    path("bots/<uuid:account_id>:stop", api.StopBot.as_view()),
]

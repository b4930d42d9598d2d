from django.urls import path

from bots import api

urlpatterns = [
    path("bots", api.Bots.as_view()),
    path("bots:halt", api.Halt.as_view()),
    path("bots:resume", api.Resume.as_view()),
    path("bots/<uuid:account_id>:start", api.StartBot.as_view()),
    path("bots/<uuid:account_id>:stop", api.StopBot.as_view()),
]

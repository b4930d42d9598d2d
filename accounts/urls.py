"""People and their accounts, under /api/."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("me", api.Me.as_view()),
    path("accounts", api.Accounts.as_view()),
    path("accounts/<uuid:pk>", api.Account.as_view()),
    path("accounts/<uuid:pk>:toggle", api.ToggleAccount.as_view()),
]

from django.urls import path

from credentials.api import AccountCredentials

urlpatterns = [path("accounts/<uuid:pk>/credentials", AccountCredentials.as_view())]

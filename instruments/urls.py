from django.urls import path

from instruments.api import Instruments

urlpatterns = [path("instruments", Instruments.as_view())]

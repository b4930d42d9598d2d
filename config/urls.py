"""Every address of the house, composed from the apps."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from api.health import healthz, readyz
from bots.metrics import metrics

handler404 = "api.problems.not_found"
handler500 = "api.problems.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/schema", SpectacularAPIView.as_view()),
    path("api/_allauth/", include("allauth.headless.urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("instruments.urls")),
    path("api/", include("logs.urls")),
    path("api/", include("credentials.urls")),
    path("api/", include("rules.urls")),
    path("api/", include("positions.urls")),
    path("api/", include("orders.urls")),
    path("api/", include("backtests.urls")),
    path("api/", include("bots.urls")),
]

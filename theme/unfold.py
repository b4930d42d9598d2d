"""How unfold, the admin's skin, is set up. Imported by config.settings: nothing of Django is touched on import."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "밤새 Bamsae",
    "SITE_HEADER": "밤새",
    "SITE_SUBHEADER": "Bamsae",
    "SITE_SYMBOL": "dark_mode",
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": False,
    "STYLES": [lambda request: static("css/dist/styles.css")],
    "DASHBOARD_CALLBACK": "theme.cards.dashboard",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": []},
    "LOGIN": {"redirect_after": reverse_lazy("admin:index")},
}

"""How unfold, the admin's skin, is set up. Imported by config.settings: nothing of Django is touched on import."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

from theme.language import both


def _page(ko: str, en: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": both(ko, en), "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


NAVIGATION: list[dict[str, Any]] = [
    {
        "title": both("매매", "Trading"),
        "items": [
            {"title": both("한눈에", "Overview"), "icon": "home", "link": reverse_lazy("admin:index")},
            _page("계좌", "Accounts", "account_balance", "accounts_brokerageaccount"),
            _page("앱키", "App keys", "key", "credentials_apicredential"),
            _page("규칙", "Rules", "rule", "rules_traderule"),
            _page("주문", "Orders", "receipt_long", "orders_order"),
            _page("체결", "Fills", "done_all", "orders_execution"),
            _page("보유 종목", "Positions", "pie_chart", "positions_position"),
            _page("기록", "Journal", "list_alt", "logs_executionlog"),
        ],
    },
    {
        "title": both("운영", "The house"),
        "separator": True,
        "items": [
            _page("봇", "Bots", "smart_toy", "bots_botlease"),
            _page("예약 작업", "Schedules", "schedule", "django_celery_beat_periodictask"),
            _page("거래일", "Trading days", "calendar_month", "instruments_tradingday"),
            _page("사람", "People", "group", "accounts_user"),
            _page("감사 기록", "Audit log", "policy", "auditlog_logentry"),
        ],
    },
]

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
    "SIDEBAR": {"show_search": True, "show_all_applications": True, "navigation": NAVIGATION},
}

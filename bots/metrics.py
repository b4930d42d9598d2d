"""/metrics for collectors such as Prometheus: what is so at this moment, read when they ask."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from secrets import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from bots.budgets import KeyBudget, budgets_of
from credentials.models import ApiCredential
from kis.throttle import Usage
from market.words import Lane

KEY = ["credential", "environment"]


def metrics(request: HttpRequest) -> HttpResponse:
    """For who sends `Authorization: Bearer` with METRICS_TOKEN; without that setting there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not _is_allowed(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BudgetCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_allowed(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())


class BudgetCollector(Collector):
    """The rate budget of every key. No label says anything of the key itself."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        budgets = budgets_of(ApiCredential.objects.order_by("pk"))
        known = [(budget, budget.usage) for budget in budgets if budget.usage is not None]
        for name, words, value in OF_A_KEY:
            rows = [(_labels(budget), value(budget)) for budget in budgets]
            yield _family(name, words, KEY, rows)
        for name, words, use in OF_ITS_USE:
            yield _family(name, words, KEY, [(_labels(budget), use(usage)) for budget, usage in known])
        for name, words, lanes in BY_LANE:
            rows = [
                ([*_labels(budget), lane.value], float(count))
                for budget, usage in known
                for lane, count in lanes(usage).items()
            ]
            yield _family(name, words, [*KEY, "lane"], rows)


OF_A_KEY: list[tuple[str, str, Callable[[KeyBudget], float]]] = [
    ("allowed_per_second", "Requests per second that KIS allows the key", lambda b: b.allowed),
    ("readable", "1 when Redis told the use of the budget", lambda b: float(b.usage is not None)),
]
OF_ITS_USE: list[tuple[str, str, Callable[[Usage], float]]] = [
    ("learned_per_second", "Requests per second that KIS's refusals have left", lambda u: u.learned),
    ("under_way", "Requests that count against the limit now", lambda u: float(u.under_way)),
    ("throttled_timestamp_seconds", "When KIS last refused for rate, 0 never", lambda u: _seconds(u.throttled_at)),
    ("ledger_paused", "1 while account functions pause after EGW00215", lambda u: float(bool(u.ledger_paused_until))),
]
BY_LANE: list[tuple[str, str, Callable[[Usage], Mapping[Lane, int]]]] = [
    ("requests_last_second", "Requests of the last whole second", lambda u: u.last_second),
    ("requests_last_minute", "Requests of the last sixty whole seconds", lambda u: u.last_minute),
    ("waiting", "Requests that wait for their turn", lambda u: u.waiting),
]


def _family(name: str, words: str, labels: list[str], rows: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"bamsae_kis_budget_{name}", words, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _labels(budget: KeyBudget) -> list[str]:
    return [str(budget.credential.pk), budget.credential.environment]


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0

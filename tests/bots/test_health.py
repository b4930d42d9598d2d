"""An account is as healthy as its bot can prove."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import HealthStatus
from bots.health import Pulse
from market.errors import Text

NOON = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
TROUBLE = Text("안 됨", "no")


def pulse(*, answered: float | None = 0, priced: float | None = 0, trouble: Text | None = None) -> Pulse:
    ago = lambda s: None if s is None else NOON - timedelta(seconds=s)  # noqa: E731
    return Pulse(NOON - timedelta(minutes=5), ago(answered), ago(priced), trouble)


@pytest.mark.parametrize(
    ("seen", "market_open", "status"),
    [
        pytest.param(pulse(), True, HealthStatus.HEALTHY, id="answers and prices"),
        pytest.param(pulse(answered=12), True, HealthStatus.HEALTHY, id="an answer twelve seconds ago still counts"),
        pytest.param(pulse(answered=13), True, HealthStatus.UNHEALTHY, id="the broker is silent"),
        pytest.param(pulse(answered=None), True, HealthStatus.UNHEALTHY, id="the broker never answered"),
        pytest.param(pulse(priced=13), True, HealthStatus.DEGRADED, id="prices are silent"),
        pytest.param(pulse(priced=3600), False, HealthStatus.HEALTHY, id="no prices are due while the market sleeps"),
        pytest.param(pulse(trouble=TROUBLE), True, HealthStatus.DEGRADED, id="the last question went wrong"),
    ],
)
def test_health(seen, market_open, status):
    assert seen.judge(NOON, market_open=market_open, wants_prices=True)[0] is status


def test_trouble_with_the_prices_key_lasts_while_the_account_itself_answers():
    seen = pulse()
    seen.data_trouble = TROUBLE

    seen.answered(NOON)

    assert seen.judge(NOON, market_open=True, wants_prices=True) == (HealthStatus.DEGRADED, TROUBLE)


def test_a_good_answer_ends_the_trouble():
    seen = pulse(trouble=TROUBLE)

    seen.answered(NOON)

    assert seen.judge(NOON, market_open=True, wants_prices=True) == (HealthStatus.HEALTHY, None)


def test_what_the_broker_said_is_the_reason_shown():
    seen = pulse(answered=60, trouble=TROUBLE)

    assert seen.judge(NOON, market_open=True, wants_prices=True) == (HealthStatus.UNHEALTHY, TROUBLE)

"""How a wish stands after somebody has worked on it, and what it takes to work on one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import BrokerageAccount
from market.broker import Broker
from market.errors import Text
from orders.models import WishStatus
from orders.prices import Prices
from orders.submit import Fence

LOOK_AGAIN = timedelta(seconds=2)
INSIDE = Text(
    "내부 오류로 처리하지 못했습니다. 운영 기록에 자세한 내용이 있습니다.",
    "An internal error kept it from being done. The operator's log has the details.",
)


@dataclass(frozen=True, slots=True)
class Hand:
    """What it takes to do something for an account."""

    account: BrokerageAccount
    broker: Broker
    fence: Fence
    now: datetime
    prices: Prices


@dataclass(frozen=True, slots=True)
class Answer:
    """How a wish stands. `again_at`: when to look at it again, at the next pass without. `sent`: something went out."""

    status: WishStatus
    result: Mapping[str, Any]
    again_at: datetime | None = None
    sent: bool = False


def done(message: Text | None = None, **result: Any) -> Answer:
    """It was done."""
    return Answer(WishStatus.DONE, _said(message) | result)


def failed(message: Text, **result: Any) -> Answer:
    """It cannot be done any more."""
    return Answer(WishStatus.FAILED, _said(message) | result)


def waits(message: Text, *, again_at: datetime | None = None, sent: bool = False, **result: Any) -> Answer:
    """It will be done later, or its end is not known yet."""
    return Answer(WishStatus.PENDING, _said(message) | result, again_at, sent)


def _said(message: Text | None) -> dict[str, Any]:
    return {"message": message.as_dict()} if message else {}

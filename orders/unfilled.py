"""What becomes of an order that does not fill, as its rule wants it. Pure: decisions about one order and its chain.

A chain is one decision: its first order, and the orders that went on with what was left of it at another price. An
order is priced again by a cancel, its confirmed end, and a new intent for what is left (safety.md 1.8); how far a limit
may go is reckoned from the first one, so that many small steps pass no bound.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from market.data import Quote
from market.errors import Text
from market.ticks import down_to_tick, up_to_tick
from market.words import Freshness, Side, TimeInForce
from orders.pricing import BPS, COLLAR_BPS, policy_limit
from rules.words import AtClose, OrderPrice

# What is left of an order is sent again this soon after its end, or not at all: later it is another market.
RENEW_WITHIN = timedelta(minutes=2)
KEY_STEP = "#"

OUT = Text("청산하려고 남은 매수를 취소합니다.", "the rest of the buy is cancelled in order to get out.")
LATE = Text("정한 시간 안에 체결되지 않아 취소합니다.", "it was not filled within the time that the rule gives.")
CLOSE = Text("장 종료가 가까워 취소합니다.", "its session ends soon, and the rule leaves no order then.")
TOO_MUCH = Text("앞선 주문이 더 체결되어 남은 것을 취소합니다.", "an earlier order has filled more meanwhile.")


class Act(StrEnum):
    LEAVE = "leave"
    CANCEL = "cancel"
    REPRICE = "reprice"  # cancel, and send what is left at another price


@dataclass(frozen=True, slots=True)
class Policy:
    """How a rule prices, and what it wants done with what does not fill."""

    cancel_after: timedelta | None = None
    reprice_times: int = 0
    reprice_after: timedelta | None = None
    max_slippage_bps: int | None = None
    at_close: AtClose = AtClose.LEAVE
    close_margin: timedelta = timedelta(seconds=60)
    order_price: OrderPrice = OrderPrice.TOUCH
    offset_bps: int = 0
    offset_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """One decision and all its orders. Whole shares; `limit`: of the first; `times`: how often it was priced again.

    `filled`: of all its orders; `doubtful`: shares that notices tell beyond that, and no list yet.
    """

    side: Side
    wanted: int
    limit: Decimal
    placed_at: datetime
    filled: int = 0
    doubtful: int = 0
    times: int = 0

    @property
    def left(self) -> int:
        """Shares that are surely still wanted."""
        return max(0, self.wanted - self.filled - self.doubtful)


@dataclass(frozen=True, slots=True)
class Working:
    """The chain's order at the broker. `session_ends`: of the session that it is for; None: not known.

    `in_hand`: a person has amended it, so that neither its price nor its quantity is the policy's any more.
    """

    limit: Decimal
    open_quantity: int
    placed_at: datetime
    time_in_force: TimeInForce = TimeInForce.DAY
    session_ends: datetime | None = None
    in_hand: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and why."""

    act: Act
    why: Text | None = None


LEAVE = Verdict(Act.LEAVE)


def judge(
    chain: Chain, order: Working, policy: Policy, *, exited_at: datetime | None, quote: Quote | None, now: datetime
) -> Verdict:
    """What to do with an order that works. `exited_at`: when its rule last sent an exit."""
    ending = _ending(chain, order, policy, exited_at, now)
    if ending is not None:
        return Verdict(Act.CANCEL, ending)
    if not _may_price_again(chain, order, policy, now):
        return LEAVE
    limit = next_limit(chain, policy, quote, now)
    if limit is None or limit == order.limit:
        return LEAVE  # the same order again would only lose its place in the queue
    return Verdict(Act.REPRICE, Text(f"${limit:f} 로 다시 냅니다.", f"it is priced again, at ${limit:f}."))


def _ending(chain: Chain, order: Working, policy: Policy, exited_at: datetime | None, now: datetime) -> Text | None:
    """Why the order must go, or None."""
    if chain.side is Side.BUY and exited_at is not None and exited_at >= chain.placed_at:
        return OUT
    if chain.filled + order.open_quantity > chain.wanted and not order.in_hand:
        return TOO_MUCH
    if near_close(order.session_ends, order.time_in_force, policy, now):
        return CLOSE
    if policy.cancel_after is not None and now - chain.placed_at >= policy.cancel_after:
        return LATE
    return None


def _may_price_again(chain: Chain, order: Working, policy: Policy, now: datetime) -> bool:
    return (
        chain.times < policy.reprice_times
        and policy.reprice_after is not None
        and now - order.placed_at >= policy.reprice_after
        and order.time_in_force is TimeInForce.DAY
        and not order.in_hand
    )


def near_close(session_ends: datetime | None, time_in_force: TimeInForce, policy: Policy, now: datetime) -> bool:
    """The session that the order is for ends so soon that its rule wants no order any more. Not of an auction's."""
    if policy.at_close is not AtClose.CANCEL or time_in_force is not TimeInForce.DAY or session_ends is None:
        return False
    return now >= session_ends - policy.close_margin


def what_is_left(
    chain: Chain, ended: Working, policy: Policy, *, ended_at: datetime, exited_at: datetime | None, now: datetime
) -> int:
    """Shares to send again after the order that was to be priced anew has surely ended; 0: nothing any more."""
    if now - ended_at > RENEW_WITHIN or chain.times >= policy.reprice_times:
        return 0
    gone = replace(ended, open_quantity=0)
    over = ended.session_ends is not None and now >= ended.session_ends
    return 0 if over or ended.in_hand or _ending(chain, gone, policy, exited_at, now) is not None else chain.left


def next_limit(chain: Chain, policy: Policy, quote: Quote | None, now: datetime) -> Decimal | None:
    """The rule's price for this side now, never past the slippage limit; None without a fresh price."""
    if quote is None or quote.freshness is not Freshness.FRESH or quote.last <= 0:
        return None
    wanted = policy_limit(
        chain.side,
        quote,
        order_price=policy.order_price,
        offset_bps=policy.offset_bps,
        offset_ticks=policy.offset_ticks,
    )
    end = bound(chain.side, chain.limit, policy.max_slippage_bps)
    return min(wanted, end) if chain.side is Side.BUY else max(wanted, end)


def bound(side: Side, first_limit: Decimal, max_slippage_bps: int | None) -> Decimal:
    """The worst limit that a chain may come to, on a tick: so far from its first limit, by default as the collar."""
    share = (COLLAR_BPS[side] if max_slippage_bps is None else Decimal(max_slippage_bps)) / BPS
    if side is Side.BUY:
        return max(down_to_tick(first_limit * (1 + share)), first_limit)
    return min(up_to_tick(first_limit * (1 - share)), first_limit)


def next_key(first_key: str, times: int) -> str:
    """The decision key of the order that goes on with the decision for the `times`-th time."""
    return f"{first_key}{KEY_STEP}{times}"


def first_key_of(key: str) -> str:
    """The decision that an order belongs to."""
    return key.partition(KEY_STEP)[0]

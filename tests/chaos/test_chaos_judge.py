"""The judge of chaos, alone: each kind of loss is found in books that hold just that, and nothing in books in order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from bots.chaos.judge import Books, BrokerOrder, Fill, OurOrder, judge

DAY = date(2026, 3, 12)
NOON = datetime(2026, 3, 12, 16, tzinfo=UTC)
RULE = UUID(int=1)


def there(number: str = "1", *, side: str = "buy", quantity: int = 5, at: datetime = NOON, filled: int | None = None):
    """An order in the broker's book, filled whole a second later unless told."""
    shares = quantity if filled is None else filled
    fills = (Fill(at + timedelta(seconds=1), shares, Decimal(100), Decimal("1.25")),) if shares else ()
    return BrokerOrder(
        number=(DAY, number), symbol="AAPL", side=side, kind="new", original="", quantity=quantity,
        price=Decimal(100), status="filled", channel="OpenAPI", received_at=at, expires_at=NOON + timedelta(hours=4),
        fills=fills,
    )  # fmt: skip


def here(order: BrokerOrder | None, *, rule: UUID = RULE, **changes) -> OurOrder:
    """The intent that caused it, with all that it should know."""
    like = order or there()
    known = OurOrder(
        id=uuid4(), decision_key=str(uuid4()), rule_id=rule, symbol=like.symbol, side=like.side,
        quantity=like.quantity, price=like.price, status="filled", final=True, filled=like.filled, amount=like.amount,
        executed=like.filled, placed_at=like.received_at - timedelta(seconds=0.1),
        first=order.number if order else None, numbers=frozenset({like.number}), needs_person=False,
    )  # fmt: skip
    return replace(known, **changes)


def books(broker, ours, **changes) -> Books:
    held = sum(o.filled if o.side == "buy" else -o.filled for o in broker)
    own = sum(o.executed if o.side == "buy" else -o.executed for o in ours)
    whole = Books(
        broker=broker, holdings={"AAPL": held}, ours=ours, positions={"AAPL": own}, owned={RULE: own},
        max_position={RULE: 10}, max_quantity=None, daily_buy_usd=None, foreign=frozenset(), calls_for_person=0,
        send_within=timedelta(seconds=1),
    )  # fmt: skip
    return replace(whole, **changes)


def found(whole: Books) -> set[str]:
    return {finding.partition(":")[0] for finding in judge(whole).findings}


def test_nothing_is_found_in_books_that_agree():
    bought, sold = there("1"), there("2", side="sell", at=NOON + timedelta(minutes=1))
    verdict = judge(books([bought, sold], [here(bought), here(sold)]))
    assert verdict.findings == [] and verdict.counts.orders == 2 and verdict.counts.wrong == 0


def test_a_second_order_of_one_decision_is_a_duplicate():
    first, again = there("1"), there("2", at=NOON + timedelta(seconds=0.5))
    assert "duplicates" in found(books([first, again], [here(first)]))


def test_an_order_that_no_intent_claims_is_lost():
    order = there("1")
    ours = here(None, status="not_seen", filled=0, executed=0, amount=Decimal(0))
    assert "lost" in found(books([order], [ours]))


def test_a_fill_that_did_not_come_into_our_book_is_lost():
    order = there("1")
    assert "lost" in found(books([order], [here(order, filled=0, executed=0, amount=Decimal(0))]))


def test_a_fill_that_only_we_know_of_is_found():
    order = there("1", filled=0)
    assert "lost" in found(books([order], [here(order, filled=5, executed=5, amount=Decimal(500))]))


def test_a_fill_at_another_price_is_found():
    order = there("1")
    assert "lost" in found(books([order], [here(order, amount=Decimal(400))]))


def test_an_order_without_an_end_is_unsettled():
    order = there("1")
    assert found(books([order], [here(order, status="unknown", final=False)])) == {"unsettled"}


def test_a_number_on_an_intent_that_was_not_being_sent_then_is_misattributed():
    order = there("1")
    ours = here(order, placed_at=NOON - timedelta(minutes=5))
    assert found(books([order], [ours])) == {"misattributed"}


def test_a_number_that_two_intents_hold_is_misattributed():
    order = there("1")
    assert "misattributed" in found(books([order], [here(order), here(order)]))


def test_a_number_that_the_broker_never_gave_is_misattributed():
    order = there("1")
    stranger = there("9", filled=0)
    assert "misattributed" in found(books([order], [here(order), here(stranger)]))


def test_a_rule_that_sold_what_another_had_bought_oversold():
    bought = there("1")
    sold = there("2", side="sell", at=NOON + timedelta(minutes=1))
    other = UUID(int=2)
    whole = books([bought, sold], [here(bought), here(sold, rule=other)], owned={RULE: 5, other: -5})
    assert found(whole) == {"oversold"}


def test_open_buys_count_against_the_most_that_a_rule_may_own():
    filled, waiting = there("1", quantity=6), there("2", quantity=6, at=NOON + timedelta(minutes=1), filled=0)
    ours = [here(filled), here(waiting)]
    assert found(books([filled, waiting], ours)) == {"limit_breaches"}


def test_a_cancelled_buy_counts_until_its_cancel_came_in():
    first = replace(there("1", quantity=6, filled=0), status="cancelled")
    cancel = replace(
        there("2", quantity=6, filled=0), kind="cancel", original="1", received_at=NOON + timedelta(minutes=1)
    )
    second = there("3", quantity=6, at=NOON + timedelta(minutes=2))
    assert found(books([first, cancel, second], [here(first), here(second)])) == set()


def test_what_a_phone_sold_a_rule_may_buy_anew():
    first, again = there("1", quantity=6), there("3", quantity=6, at=NOON + timedelta(minutes=2))
    phone = replace(there("2", side="sell", quantity=6, at=NOON + timedelta(minutes=1)), channel="모바일")
    ours = [here(first), here(again)]
    whole = books([first, phone, again], ours, positions={"AAPL": 6})
    assert found(replace(whole, foreign=frozenset({phone.number}))) == set()
    assert "limit_breaches" in found(whole)


def test_more_spent_on_a_day_than_allowed_is_a_breach():
    order = there("1")
    assert found(books([order], [here(order)], daily_buy_usd=Decimal(500))) == {"limit_breaches"}
    assert found(books([order], [here(order)], daily_buy_usd=Decimal("501.25"))) == set()


def test_shares_that_differ_are_a_position_difference():
    order = there("1")
    assert found(books([order], [here(order)], holdings={"AAPL": 6})) == {"position_differences"}
    assert found(books([order], [here(order)], owned={RULE: 4})) == {"position_differences"}


def test_a_call_for_a_person_is_wrong_only_where_nobody_else_touched_the_account():
    order, phone = there("1"), replace(there("2"), channel="모바일")
    assert found(books([order], [here(order)], calls_for_person=1)) == {"needs_person"}
    whole = books([order, phone], [here(order)], positions={"AAPL": 10}, calls_for_person=1)
    assert found(replace(whole, foreign=frozenset({phone.number}))) == set()

"""A rule that breaks stops alone; what a strategy names is honoured within what its rule allows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bots import trading
from bots.health import Pulse
from bots.loop import AccountBot
from bots.series import SeriesBook
from bots.watch import Watch, follow, load
from instruments.services import ensure_instruments
from logs.models import ExecutionLog
from market.data import Quote
from market.errors import Text
from market.words import Action, Exchange, Side
from orders.pricing import policy_limit
from rules.domain import Rule, StrategyAway, StrategyBroke, Wish
from rules.models import RuleState, TradeRule
from rules.services import create_rule, set_rule_enabled

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
PRICE = Decimal("100.00")
QUOTE = Quote("AAPL", Exchange.NASDAQ, PRICE, NOW, NOW, bid=Decimal("99.98"), ask=Decimal("100.03"))


class Strategy:
    """Answers as it is told."""

    def __init__(self, answer: Wish | Exception) -> None:
        self.answer = answer

    def decide(self, market, rule: Rule) -> Wish:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def make_rule(transactional_db, paper_account, trader):
    ensure_instruments()

    def make(entry: str = "price > 1", exit: str = "false", **fields) -> TradeRule:
        given = {"symbol": "AAPL", "evaluate_on": "tick", "buy_amount_usd": 1000, "max_position": 100}
        rule = create_rule(
            account=paper_account, by=trader, entry_condition=entry, exit_condition=exit, **given | fields
        )
        set_rule_enabled(rule=rule, enabled=True, confirm=paper_account.nickname, by=trader)
        return rule

    return make


def watching(rule: TradeRule, book: SeriesBook | None = None, *, program=None) -> Watch:
    book = book or SeriesBook()
    watches = load(rule.account_id, {}, book)
    watch = watches[rule.pk]
    if program is not None:
        watch.rule = replace(watch.rule, program=program)
    follow(book, watches)
    book.add(QUOTE)
    return watch


def bot_of(account, *watches: Watch) -> AccountBot:
    """A bot without broker or lease: it looks, and sends nothing."""
    return AccountBot(
        account, None, None, None, None, None, lambda: False, Pulse(NOW), watches={w.row.pk: w for w in watches}
    )


class TestStopping:
    @pytest.mark.parametrize(
        ("broken", "said"),
        [
            (StrategyBroke(Text("시간이 넘었습니다.", "It took too long.")), "It took too long."),
            (ZeroDivisionError("division by zero"), "An internal error occurred"),
            (RecursionError(), "An internal error occurred"),
        ],
    )
    async def test_a_rule_that_breaks_is_off_with_the_reason_in_the_journal_and_others_go_on(
        self, make_rule, paper_account, broken, said
    ):
        from asgiref.sync import sync_to_async

        def prepare():
            bad, good = make_rule("price > 1000000"), make_rule()
            return watching(bad, program=Strategy(broken)), watching(good)

        bad, good = await sync_to_async(prepare)()
        bot = bot_of(paper_account, bad, good)

        assert await bot._look(bad, QUOTE, NOW) is None
        decision, _, intent = await bot._look(good, QUOTE, NOW)

        assert (decision.action, intent.quantity) == (Action.ENTRY, 9)
        assert list(bot.watches) == [good.row.pk]
        await sync_to_async(self.must_be_off)(bad.row, good.row, said)

    async def test_a_strategy_that_the_machine_could_not_ask_stays_on_and_is_asked_again(
        self, make_rule, paper_account
    ):
        from asgiref.sync import sync_to_async

        away = StrategyAway(Text("작업 프로세스가 없습니다.", "There is no worker."))
        rule = await sync_to_async(make_rule)("price > 1000000")
        watch = await sync_to_async(watching)(rule, program=Strategy(away))
        bot = bot_of(paper_account, watch)

        decision, _, intent = await bot._look(watch, QUOTE, NOW)

        assert (decision.action, intent, decision.judged_bar) == (Action.NONE, None, None)
        assert decision.blocked == away.text
        assert bot.pulse.strategy_trouble == away.text
        assert await TradeRule.objects.filter(enabled=True).acount() == 1

        watch.rule = replace(watch.rule, program=Strategy(Wish(Action.ENTRY)))
        assert (await bot._look(watch, QUOTE, NOW)).decision.action is Action.ENTRY
        assert bot.pulse.strategy_trouble is None

    def must_be_off(self, bad: TradeRule, good: TradeRule, said: str) -> None:
        assert list(TradeRule.objects.filter(enabled=True)) == [good]
        assert said in RuleState.objects.get(rule=bad).stopped_because["en"]
        line = ExecutionLog.objects.get(rule_id=bad.pk, level="error")
        assert said in line.message_en
        assert line.message != line.message_en
        assert TradeRule.objects.get(pk=bad.pk).version == 1  # its text is what it was

    def test_a_rule_that_cannot_be_compiled_is_off_and_the_others_are_loaded(self, make_rule):
        bad, good = make_rule(), make_rule()
        TradeRule.objects.filter(pk=bad.pk).update(entry_condition="rsi(")
        assert list(load(bad.account_id, {}, SeriesBook())) == [good.pk]
        assert "unexpected" not in RuleState.objects.get(rule=bad).stopped_because["en"]
        assert "cannot stand here" in RuleState.objects.get(rule=bad).stopped_because["en"]

    def test_a_rule_that_was_mended_meanwhile_is_not_stopped(self, make_rule):
        from bots.watch import BROKE_INSIDE, switch_off

        rule = make_rule()
        watch = watching(rule)
        TradeRule.objects.filter(pk=rule.pk).update(version=2)
        assert not switch_off(watch, BROKE_INSIDE, NOW)
        assert TradeRule.objects.get(pk=rule.pk).enabled

    def test_switching_it_on_again_forgets_why_it_was_stopped(self, make_rule, trader):
        from bots.watch import BROKE_INSIDE, switch_off

        rule = make_rule()
        switch_off(watching(rule), BROKE_INSIDE, NOW)
        rule.refresh_from_db()
        set_rule_enabled(rule=rule, enabled=True, confirm=rule.account.nickname, by=trader)
        assert RuleState.objects.get(rule=rule).stopped_because is None

    def test_the_shares_that_stay_behind_are_said(self, make_rule):
        from bots.watch import BROKE_INSIDE, switch_off

        rule = make_rule()
        RuleState.objects.filter(rule=rule).update(qty=3, avg_price="10")
        switch_off(watching(rule), BROKE_INSIDE, NOW)
        assert "left without an exit" in ExecutionLog.objects.get(rule_id=rule.pk, level="error").message_en


class TestWishes:
    """What a strategy names: less than its rule allows, never more; never beyond the collar."""

    def order(self, rule: TradeRule, wish: Wish | None = None, *, held: int = 0, **policy):
        watch = watching(rule, program=Strategy(wish) if wish else None)
        watch.rule = replace(watch.rule, **policy)
        watch.state = RuleState(rule=rule, qty=held, avg_price=PRICE if held else None, opened_at=NOW)
        bot = bot_of(rule.account)
        decision = watch.look(now=NOW, quote=QUOTE, account=bot.view, session=bot.session)
        return trading.intent_for(watch, decision, QUOTE)

    @pytest.mark.parametrize(("asked", "got"), [(None, 9), (3, 3), (500, 9)])
    def test_it_buys_no_more_than_the_amount_buys(self, make_rule, asked, got):
        rule = make_rule("price > 1000000")
        assert self.order(rule, Wish(Action.ENTRY, quantity=asked)).quantity == got

    def test_it_buys_no_more_than_the_rule_may_own(self, make_rule):
        rule = make_rule("price > 1000000", max_position=4)
        assert self.order(rule, Wish(Action.ENTRY, quantity=500)).quantity == 4

    @pytest.mark.parametrize("complete", [True, False])
    def test_whether_a_bar_was_missing_goes_with_what_code_decided(self, make_rule, complete):
        watch = watching(make_rule("price > 1000000"), program=Strategy(Wish(Action.ENTRY)))
        watch.bars.complete = complete
        bot = bot_of(watch.row.account)
        decision = watch.look(now=NOW, quote=QUOTE, account=bot.view, session=bot.session)
        assert trading.intent_for(watch, decision, QUOTE).on_complete_data is complete

    def test_a_condition_says_by_itself_that_it_knows_nothing(self, make_rule):
        intent = self.order(make_rule("price > 1"))
        assert intent.on_complete_data

    @pytest.mark.parametrize(("asked", "got"), [(None, 7), (3, 3), (500, 7)])
    def test_it_sells_no_more_than_the_rule_owns(self, make_rule, asked, got):
        rule = make_rule("price > 1000000")
        assert self.order(rule, Wish(Action.EXIT, quantity=asked), held=7).quantity == got

    @pytest.mark.parametrize(
        ("side", "named", "got"),
        [
            (Action.ENTRY, "99.501", "99.50"),  # never worse than it was named
            (Action.ENTRY, "150", "102.00"),  # nor beyond the collar
            (Action.EXIT, "100.501", "100.51"),
            (Action.EXIT, "1", "90.00"),
        ],
    )
    def test_a_named_limit_lies_on_a_tick_within_the_collar(self, make_rule, side, named, got):
        wish = Wish(side, limit_price=Decimal(named))
        order = self.order(make_rule("price > 1000000"), wish, held=7 if side is Action.EXIT else 0)
        assert order.limit_price == Decimal(got)

    @pytest.mark.parametrize(
        ("policy", "buys", "sells"),
        [
            ({"order_price": "touch"}, "100.03", "99.98"),
            ({"order_price": "last"}, "100.00", "100.00"),
            ({"order_price": "passive"}, "99.98", "100.03"),
            ({"order_price": "touch", "price_offset_ticks": 2}, "100.05", "99.96"),
            ({"order_price": "passive", "price_offset_ticks": -1}, "99.97", "100.04"),
            ({"order_price": "last", "price_offset_bps": -50}, "99.50", "100.50"),
            ({"order_price": "last", "price_offset_bps": 900}, "102.00", "91.00"),
        ],
    )
    def test_the_policy_says_where_the_limit_starts(self, make_rule, policy, buys, sells):
        rule = make_rule("price > 1", "price > 1")
        policy = {"price_offset_bps": 0, **policy}
        assert self.order(rule, **policy).limit_price == Decimal(buys)
        assert self.order(rule, held=5, **policy).limit_price == Decimal(sells)

    def test_without_a_bid_a_passive_buy_starts_from_the_last_price(self):
        quote = replace(QUOTE, bid=None)
        assert policy_limit(Side.BUY, quote, order_price="passive", offset_bps=0, offset_ticks=0) == PRICE


async def test_a_high_between_two_bars_counts_for_the_trailing_stop(make_rule, paper_account):
    """As it does in a backtest, where the highest price of every bar since the entry counts."""
    from asgiref.sync import sync_to_async

    def prepare() -> Watch:
        rule = make_rule(exit="", trailing_stop_pct=5, evaluate_on="bar_close", timeframe="1d")
        RuleState.objects.update_or_create(
            rule=rule, defaults={"qty": 5, "avg_price": PRICE, "opened_at": NOW, "high_since_entry": PRICE}
        )
        return watching(rule)

    watch = await sync_to_async(prepare)()
    bot = bot_of(paper_account, watch)
    for price in ("103", "110.5", "104"):
        now = datetime.now(UTC)
        bot.quotes["AAPL"] = replace(QUOTE, last=Decimal(price), at=now, received_at=now)
        await bot._judge(watch)

    assert (await RuleState.objects.aget(rule=watch.row)).high_since_entry == Decimal("110.5")


def test_a_stop_sells_what_the_rule_owns_without_an_exit_condition(make_rule):
    rule = make_rule(exit="", stop_loss_pct=3)
    watch = watching(rule)
    watch.state = RuleState(rule=rule, qty=5, avg_price=Decimal(104), opened_at=NOW - timedelta(hours=1))
    bot = bot_of(rule.account)
    decision = watch.look(now=NOW, quote=QUOTE, account=bot.view, session=bot.session)
    assert (decision.action, trading.intent_for(watch, decision, QUOTE).quantity) == (Action.EXIT, 5)

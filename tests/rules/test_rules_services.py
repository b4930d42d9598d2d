"""Rules as rows: made, changed in versions, switched, deleted; and rule files."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.services import ConfirmationMismatch
from instruments.models import Instrument
from logs.models import ExecutionLog
from market.words import Action, EvaluateOn, Exchange, Timeframe
from rules import services
from rules.domain import evaluate
from rules.models import RuleState, RuleVersion, TradeRule
from rules.services import RuleChanged, RuleHolds, RuleInvalid, create_rule, rule_from_yaml, update_rule

FILE = """
symbol: AAPL
timeframe: 1m
buy_amount_usd: 10000
entry_condition: sma(10) crosses_above sma(30)
exit_condition: sma(10) crosses_below sma(30)
"""


@pytest.fixture
def apple(db):
    return Instrument.objects.get_or_create(symbol="AAPL", defaults={"exchange": "nasdaq", "name_en": "Apple"})[0]


@pytest.fixture
def stored(account, trader, apple, now):
    return create_rule(account=account, by=trader, now=now, **rule_from_yaml(FILE))


class TestCreate:
    def test_a_rule_file_of_five_lines_is_a_whole_rule(self, stored, account):
        rule = TradeRule.objects.get(pk=stored.pk)
        assert (rule.account, rule.exchange, rule.enabled, rule.version) == (account, "nasdaq", False, 1)
        assert (rule.evaluate_on, rule.buy_amount_usd, rule.max_position) == ("bar_close", 10000, 1_000_000)
        assert (rule.state.qty, rule.state.last_evaluation) == (0, None)

    def test_it_is_journaled_with_its_maker(self, stored, trader, now):
        line = ExecutionLog.objects.get(rule_id=stored.pk)
        assert (line.created_at, line.ctx["by"]) == (now, trader.email)

    def test_it_compiles_to_what_the_domain_judges(self, stored, market):
        rule = stored.compiled()
        assert (rule.version, rule.exchange, rule.timeframe) == (1, Exchange.NASDAQ, Timeframe.M1)
        assert (rule.evaluate_on, rule.look_back) == (EvaluateOn.BAR_CLOSE, 31)
        rising_at_last = [100 - i for i in range(40)] + [400]
        assert evaluate(rule, market(rising_at_last)).action is Action.ENTRY

    def test_a_condition_may_be_a_mapping_and_is_kept_as_text(self, account, trader, apple):
        entry = {"all": ["rsi(14) < 30", {"op": "<", "left": "price", "right": 200}]}
        rule = create_rule(
            account=account,
            by=trader,
            symbol="aapl",
            buy_amount_usd="100",
            entry_condition=entry,
            exit_condition=" false ",
        )
        assert (rule.symbol, rule.entry_condition) == ("AAPL", "rsi(14) < 30 and price < 200")
        assert rule.exit_condition == "false"

    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"symbol": "NOPE"}, "symbol", "NOPE: no such instrument is registered."),
            ({"symbol": "AA PL"}, "symbol", "It must be a symbol such as AAPL."),
            ({"buy_amount_usd": "0"}, "buy_amount_usd", "above zero"),
            ({"buy_amount_usd": "NaN"}, "buy_amount_usd", "above zero"),
            ({"buy_amount_usd": "1.00001"}, "buy_amount_usd", "four decimals"),
            ({"buy_amount_usd": True}, "buy_amount_usd", "above zero"),
            ({"max_position": 0}, "max_position", "a whole number from 1"),
            ({"max_position": 1.5}, "max_position", "a whole number from 1"),
            ({"timeframe": "2m"}, "timeframe", "one of 1m, 5m"),
            ({"time_in_force": "gtc"}, "time_in_force", "one of day, at_open, at_close"),
            ({"time_in_force": "at_open"}, "time_in_force", "Paper accounts have no auction orders"),
            ({"sessions": []}, "sessions", "a list of sessions"),
            ({"mode": "pyton"}, "mode", "Did you mean `python`?"),
            ({"stop_loss_pct": 100}, "stop_loss_pct", "above 0 and below 100"),
            ({"take_profit_pct": "-1"}, "take_profit_pct", "a percentage above 0"),
            ({"price_offset_bps": -1001}, "price_offset_bps", "from -1000 to 1000"),
            ({"params": {"fast": {"default": 3, "min": 5}}}, "params", "fast.default: 3 is out of range."),
            ({"code": "def decide(market, position, params): return None"}, "code", "not used while mode is dsl"),
            ({"entry_condition": "prise < 3"}, "entry_condition", "Did you mean `price`?"),
            ({"entry_condition": "price"}, "entry_condition", "is a number, not a condition"),
            ({"exit_condition": None}, "exit_condition", "write `false` if it shall never sell"),
            ({"exit_condition": [1]}, "exit_condition", "A condition, a number or an expression"),
            ({"exit_condition": {"all": ["price >"]}}, "exit_condition", "the end cannot stand here"),
            ({"stop_lose": 3}, "stop_lose", "A rule has no such field."),
        ],
    )
    def test_what_is_wrong_is_said_field_by_field(self, account, trader, apple, changes, field, sentence):
        fields = {"symbol": "AAPL", "buy_amount_usd": "100", "entry_condition": "true", "exit_condition": "false"}
        with pytest.raises(RuleInvalid) as caught:
            create_rule(account=account, by=trader, **(fields | changes))
        assert list(caught.value.fields) == [field]
        text = caught.value.fields[field][0]
        assert sentence in text.en
        assert text.ko != text.en
        assert not TradeRule.objects.exists()

    def test_everything_wrong_is_said_at_once(self, account, trader, db):
        with pytest.raises(RuleInvalid) as caught:
            create_rule(account=account, by=trader, symbol="AAPL", timeframe="7m")
        assert set(caught.value.fields) == {
            "timeframe", "buy_amount_usd", "entry_condition", "exit_condition", "symbol",
        }  # fmt: skip


class TestVersions:
    def test_every_change_is_a_version_and_the_old_text_stays(self, stored, trader, now):
        update_rule(rule=stored, by=trader, now=now, entry_condition="rsi(14) < 30", buy_amount_usd="500")
        rule = TradeRule.objects.get()
        assert (rule.version, rule.entry_condition, rule.buy_amount_usd) == (2, "rsi(14) < 30", 500)
        old, new = RuleVersion.objects.filter(rule=rule).order_by("version")
        assert old.fields["entry_condition"] == "sma(10) crosses_above sma(30)"
        assert (old.fields["buy_amount_usd"], new.fields["buy_amount_usd"]) == ("10000.0000", "500.0000")
        assert new.changed_by == trader

    def test_a_change_of_nothing_is_no_version(self, stored, trader):
        update_rule(rule=stored, by=trader, buy_amount_usd=10000.0, timeframe="1m")
        assert TradeRule.objects.get().version == 1

    def test_a_wrong_change_changes_nothing(self, stored, trader):
        with pytest.raises(RuleInvalid):
            update_rule(rule=stored, by=trader, buy_amount_usd="500", exit_condition="1 +")
        assert TradeRule.objects.get().buy_amount_usd == 10000

    def test_a_change_over_somebody_elses_change_is_refused_and_says_whose(self, stored, trader, admin):
        update_rule(rule=stored, by=admin, seen_version=1, name="다른 이름")
        with pytest.raises(RuleChanged) as caught:
            update_rule(rule=stored, by=trader, seen_version=1, name="내 이름")
        assert admin.email in caught.value.message.en

    def test_the_symbol_of_a_rule_that_owns_shares_stays(self, stored, trader):
        Instrument.objects.get_or_create(symbol="KO", defaults={"exchange": "nyse"})
        assert update_rule(rule=stored, by=trader, symbol="KO").exchange == "nyse"
        RuleState.objects.filter(rule=stored).update(qty=3, avg_price="60")
        with pytest.raises(RuleHolds):
            update_rule(rule=stored, by=trader, symbol="AAPL")
        assert update_rule(rule=stored, by=trader, exit_condition="true").version == 3


class TestSwitch:
    def test_it_needs_the_accounts_name_typed(self, stored, trader):
        with pytest.raises(ConfirmationMismatch):
            services.set_rule_enabled(rule=stored, enabled=True, confirm="yes", by=trader)
        assert not TradeRule.objects.get().enabled

    def test_it_sets_and_never_flips(self, stored, trader, account, now):
        for _ in range(2):
            services.set_rule_enabled(rule=stored, enabled=True, confirm=account.nickname, by=trader, now=now)
        rule = TradeRule.objects.get()
        assert (rule.enabled, rule.version) == (True, 1)
        assert ExecutionLog.objects.filter(rule_id=rule.pk).count() == 2  # made, switched on

    def test_switching_off_with_shares_says_what_stays_behind(self, stored, trader, account, now):
        RuleState.objects.filter(rule=stored).update(qty=3, avg_price="60")
        for enabled in (True, False):
            services.set_rule_enabled(rule=stored, enabled=enabled, confirm=account.nickname, by=trader, now=now)
        last = ExecutionLog.objects.filter(rule_id=stored.pk, level="warning").get()
        assert "left without an exit" in last.message_en


class TestDelete:
    def test_a_rule_that_owns_nothing_goes_with_its_versions(self, stored, trader):
        services.delete_rule(rule=stored, by=trader)
        assert not TradeRule.objects.exists() and not RuleVersion.objects.exists()

    def test_a_rule_that_owns_shares_stays(self, stored, trader):
        RuleState.objects.filter(rule=stored).update(qty=1, avg_price="60")
        with pytest.raises(RuleHolds):
            services.delete_rule(rule=stored, by=trader)

    @pytest.mark.parametrize(("final_at", "goes"), [(None, False), (datetime(2026, 11, 24, tzinfo=UTC), True)])
    def test_a_rule_with_an_order_at_work_stays(self, stored, trader, account, now, final_at, goes):
        stored.orders.create(
            account=account, decision_key="k", symbol="AAPL", exchange="nasdaq", side="buy", qty=1,
            price=Decimal(10), status="cancelled" if final_at else "working", trading_day=now.date(),
            created_at=now, final_at=final_at, broker_order_id="1", us_order_date=now.date(), placed_at=now,
        )  # fmt: skip
        if goes:
            services.delete_rule(rule=stored, by=trader)
        else:
            with pytest.raises(RuleHolds):
                services.delete_rule(rule=stored, by=trader)
        assert TradeRule.objects.exists() is not goes


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "field", "sentence"),
        [
            ("symbol: [", "", "Line 1, column 10: It is not YAML."),
            ("just words", "", "one per field"),
            ("", "", "one per field"),
            ("!!python/object/apply:os.system [ls]", "", "one per field"),
            ("symbol: !!python/object/apply:os.system [ls]", "", "Line 1, column 9: It is not YAML."),
            (
                "symbol: AAPL\nbuy_amount_usd: 10\nentry_condition: true\n",
                "exit_condition",
                "Nothing says when to sell",
            ),
            (FILE + "timefrane: 5m\n", "timefrane", "no such field"),
            ("a" * 40_001, "", "longer than 40000"),
        ],
    )
    def test_a_wrong_file_is_refused_with_the_place(self, text, field, sentence):
        with pytest.raises(RuleInvalid) as caught:
            rule_from_yaml(text)
        assert list(caught.value.fields) == [field]
        assert sentence in caught.value.fields[field][0].en

    def test_conditions_in_a_file_may_be_lists(self):
        fields = rule_from_yaml(FILE.replace("sma(10) crosses_below sma(30)", "\n  any: [price > 3, 'rsi(14) > 70']"))
        assert fields["exit_condition"] == "price > 3 or rsi(14) > 70"

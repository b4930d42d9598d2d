"""The table of instruments says what the broker's master files say; nothing is ever deleted."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from instruments.models import Instrument
from instruments.selectors import instruments_like
from instruments.services import Imported, ImportRefused, ensure_instruments, import_instruments
from market.instruments import EtpClass, InstrumentKind, ListedInstrument
from market.words import Exchange

pytestmark = pytest.mark.django_db


def listed(symbol: str, exchange: Exchange = Exchange.NASDAQ, **changes) -> ListedInstrument:
    plain = ListedInstrument(
        symbol=symbol, exchange=exchange, realtime_symbol=f"NAS{symbol}", name_ko=f"{symbol} 주식",
        name_en=f"{symbol} INC", kind=InstrumentKind.STOCK, currency="USD", decimals=4, base_price=None, buy_unit=1,
        sell_unit=1, opens="0930", closes="1600", is_dr=False, dr_country="", industry="0370", index_member="",
        tick_type="0", tick_type_detail="", etp_class=None,
    )  # fmt: skip
    return replace(plain, **changes)


def many(count: int, exchange: Exchange = Exchange.NASDAQ) -> list[ListedInstrument]:
    return [listed(f"{exchange.value[:2].upper()}{n}", exchange) for n in range(count)]


def test_rows_become_instruments_with_all_that_the_file_says():
    etf = listed("TQQQ", kind=InstrumentKind.ETP, etp_class=EtpClass.ETF, buy_unit=None, decimals=None)
    assert import_instruments([etf, listed("AAPL")]) == Imported(told=2, added=2, changed=0, gone=0)

    row = Instrument.objects.get(symbol="TQQQ")
    assert (row.exchange, row.kind, row.etp_class, row.realtime_symbol) == ("nasdaq", "etp", "etf", "NASTQQQ")
    assert (row.buy_unit, row.decimals, row.tick_type, row.industry) == (1, None, "0", "0370")
    assert row.in_master
    assert row.tradable


def test_the_same_files_again_change_nothing():
    import_instruments(many(30))
    before = list(Instrument.objects.values())

    assert import_instruments(many(30)) == Imported(told=30, added=0, changed=0, gone=0)
    assert list(Instrument.objects.values()) == before


def test_what_changed_is_written_and_keeps_its_identity():
    import_instruments([listed("FB"), listed("AAPL")])
    known = Instrument.objects.get(symbol="FB")

    done = import_instruments([listed("FB", Exchange.NYSE, name_ko="메타"), listed("AAPL")])

    assert (done.added, done.changed) == (0, 1)
    row = Instrument.objects.get(symbol="FB")
    assert (row.pk, row.exchange, row.name_ko) == (known.pk, "nyse", "메타")


def test_the_first_few_instruments_are_taken_over():
    ensure_instruments()
    done = import_instruments([listed(s) for s in ("AAPL", "MSFT", "NVDA", "TSLA", "AMZN")])
    assert (done.added, done.changed, done.gone) == (0, 5, 0)
    assert Instrument.objects.get(symbol="KO").tradable  # its exchange was not in the file


class TestVanished:
    def test_it_stays_in_the_table_and_cannot_be_traded(self):
        import_instruments(many(30))
        assert import_instruments(many(29)).gone == 1

        row = Instrument.objects.get(symbol="NA29")
        assert (row.tradable, row.in_master) == (False, False)
        assert not instruments_like("NA29").exists()

    def test_it_may_come_back(self):
        import_instruments(many(30))
        import_instruments(many(29))
        import_instruments(many(30))
        assert Instrument.objects.get(symbol="NA29").tradable

    def test_one_exchanges_file_says_nothing_of_the_others(self):
        import_instruments([*many(20), *many(20, Exchange.NYSE)])
        assert import_instruments(many(20)).gone == 0

    def test_a_file_that_would_drop_too_many_is_refused_and_nothing_changes(self):
        import_instruments(many(100))
        half = [replace(row, name_ko="다른 이름") for row in many(50)]
        with pytest.raises(ImportRefused, match=r"50 of 100 instruments of nasdaq"):
            import_instruments(half)
        assert Instrument.objects.filter(tradable=True, name_ko__endswith="주식").count() == 100

    def test_a_person_may_say_that_so_many_are_gone(self):
        import_instruments(many(100))
        assert import_instruments(many(50), most_gone=0.6).gone == 50

    def test_nothing_at_all_is_refused(self):
        with pytest.raises(ImportRefused):
            import_instruments([])


class TestTradable:
    def test_stocks_and_etps_trade_indices_and_warrants_do_not(self):
        kinds = list(InstrumentKind)
        import_instruments([listed(f"K{n}", kind=kind) for n, kind in enumerate(kinds)])
        assert {row.kind for row in Instrument.objects.filter(tradable=True)} == {"stock", "etp"}

    def test_what_a_person_switched_off_stays_off(self):
        import_instruments(many(10))
        Instrument.objects.filter(symbol="NA3").update(tradable=False)
        assert import_instruments(many(10)).changed == 0
        assert not Instrument.objects.get(symbol="NA3").tradable

    def test_a_stock_goes_before_an_index_of_the_same_name(self):
        import_instruments([listed("SPX", kind=InstrumentKind.INDEX), listed("SPX"), listed("SPX", Exchange.AMEX)])
        row = Instrument.objects.get()
        assert (row.kind, row.exchange) == ("stock", "nasdaq")


def test_the_database_knows_the_words_and_that_units_are_positive():
    for wrong in ({"kind": "bond"}, {"etp_class": "fund"}, {"buy_unit": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Instrument.objects.create(symbol="X", exchange="nasdaq", **wrong)

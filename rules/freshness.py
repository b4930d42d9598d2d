"""Whether a key can keep fresh all that the rules look at; a set that cannot be is refused with the numbers."""

from dataclasses import dataclass

from django.conf import settings

from accounts.models import BrokerageAccount
from api.problems import ApiError
from credentials.capacity import Capacity, capacity_of
from credentials.models import ApiCredential
from credentials.selectors import accounts_reading, data_credential_for, trade_credential
from market.errors import Text
from rules.models import TradeRule
from rules.selectors import other_symbols


@dataclass(frozen=True, slots=True)
class Demand:
    """What is wanted of a key: so many symbols, each with a price no older than `within_sec`."""

    symbols: int
    within_sec: float
    capacity: Capacity

    @property
    def asked(self) -> int:
        """Symbols that find no place on the socket."""
        return max(0, self.symbols - self.capacity.live)

    @property
    def most(self) -> int:
        return self.capacity.live + self.capacity.asked(self.within_sec)

    @property
    def fits(self) -> bool:
        return self.symbols <= self.most


class CannotKeepFresh(ApiError):
    """With this rule the key would have to bring more prices than it can; nothing was switched on."""

    def __init__(self, demand: Demand) -> None:
        live, rate, age = demand.capacity.live, demand.capacity.asked_per_second, demand.within_sec
        message = Text(
            f"이 규칙까지 켜면 시세 키 하나로 {demand.symbols}종목을 봐야 하지만 {demand.most}종목까지만 "
            f"{age:g}초 안에 새로 고칠 수 있습니다(실시간 {live}, 조회 초당 {rate:g}건). 다른 규칙을 끄거나 "
            "보는 종목을 줄이거나, 시세 키를 따로 등록하세요.",
            f"With this rule the key for prices would have {demand.symbols} symbols to watch, and keeps at most "
            f"{demand.most} no older than {age:g} s ({live} live, {rate:g} asked a second). Switch other rules off, "
            "look at fewer symbols, or enter a key for prices of its own.",
        )
        super().__init__("cannot_keep_fresh", message, 409)


def must_keep_fresh(rule: TradeRule) -> None:
    """Raises CannotKeepFresh when the key of the rule's account could not bring what it and the others look at.

    An account without a key asks for nothing yet.
    """
    key = data_credential_for(rule.account) or trade_credential(rule.account)
    if key is None:
        return
    demand = demand_of(key, rule.account, rule)
    if not demand.fits:
        raise CannotKeepFresh(demand)


def demand_of(key: ApiCredential, account: BrokerageAccount, rule: TradeRule) -> Demand:
    """What all enabled rules that read through this key would want, this one of this account among them."""
    readers = {account.pk, *(reader.pk for reader in accounts_reading(key))}
    enabled = TradeRule.objects.filter(enabled=True, account__in=readers).exclude(pk=rule.pk)
    rows = enabled.values_list("symbol", "entry_condition", "exit_condition")
    wanted = _looked_at(rule.symbol, rule.entry_condition, rule.exit_condition)
    for symbol, entry, exit in rows:
        wanted |= _looked_at(symbol, entry, exit)
    return Demand(len(wanted), settings.BOT_QUOTE_MAX_AGE.total_seconds(), capacity_of(key))


def _looked_at(symbol: str, entry: str, exit: str) -> set[str]:
    return {symbol, *other_symbols(entry, exit)}

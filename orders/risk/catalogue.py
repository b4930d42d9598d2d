"""The pages docs/guards.md and docs/guards.ko.md: `python -m orders.risk.catalogue en > docs/guards.md`, or `ko`."""

import sys

from market.errors import Text
from orders.risk import GUARDS, AppliesTo, Entry

APPLIES = {
    AppliesTo.ADDING: Text("매수", "buys"),
    AppliesTo.REDUCING: Text("매도", "sells"),
    AppliesTo.BOTH: Text("둘 다", "both"),
}
TABLE = Text(
    "| 가드 | 적용 | 무엇을 보는가 | 어디서 정하는가 |", "| guard | asked of | what it sees to | where it is set |"
)
HEAD = Text(
    """\
<!-- `python -m orders.risk.catalogue ko > docs/guards.ko.md` 로 만듭니다. -->
# 가드

*English: [guards.md](guards.md)*

주문은 보내기 전에 모든 가드의 표를 받습니다. 하나라도 반대하면 나가지 않습니다. 한도를 넘는 수량은
들어맞게 줄이고, 한 주도 남지 않으면 나가지 않습니다. 건너뛸 수 있는 가드는 없고, 모든 표가 숫자와 함께
주문과 거절 신호에 남습니다.

- **사는 주문만 막는 것과 파는 주문도 막는 것이 나뉘어 있습니다.** 시세가 낡았거나, 한도가 찼거나, 손실이 크거나, 호가가
  벌어졌다고 해서 손절이 막히는 일은 없습니다. 파는 주문이 지나야 하는 것은 아래 표에서 `매도` 와 `둘 다` 뿐입니다.
- **한도는 계좌의 것과 전체의 것이 있고, 더 좁은 쪽이 이깁니다.** 계좌 한도는 계좌 주인이, 전체 한도는 관리자가 정합니다
  (`/accounts/{id}/limits`, `/limits`, 관리자 화면). 전체의 `daily_buy_usd`,
  `orders_per_minute`, `daily_loss_usd` 는 모든 계좌의 합이고, 나머지는 계좌마다 적용됩니다.
- **세는 것은 데이터베이스입니다.** 하루는 뉴욕의 거래일이고, 열려 있거나 결과를 모르는 주문은
  지정가와 수수료로 예약된 것으로 칩니다. 다시 시작해도, 프로세스가 둘이어도, 자정이 지나도 한도를 넘지 못합니다.
- **상태는 셋입니다.** `active`, `reducing`(청산과 취소만), `halted`(아무것도 안 함). 보내기 직전의
  트랜잭션에서 다시 읽습니다. `halted` 로 바꾸거나 가진 것이 있는 규칙을 끄면 그 보유분은 청산 없이 남습니다.
""",
    """\
<!-- Made by `python -m orders.risk.catalogue en > docs/guards.md`. -->
# Guards

*한국어: [guards.ko.md](guards.ko.md)*

Before an order is sent every guard votes on it. One vote against keeps it in. A quantity over a limit is
reduced to fit, and nothing left is a vote against. No guard can be skipped, and every vote is kept with its
numbers, on the order or on the signal that was vetoed.

- **What stops a buy need not stop a sale.** Old quotes, full limits, losses and wide spreads never block a
  stop-loss: an order that sells has to pass only what the table marks as `sells` or `both`.
- **There are limits of an account and of the house; the tighter wins.** The account's person sets the one, an
  admin the other (`/accounts/{id}/limits`, `/limits`, the admin pages). The house's `daily_buy_usd`,
  `orders_per_minute` and `daily_loss_usd` are sums over all accounts; the others hold for each.
- **The database counts.** A day is New York's trading day; what is open or of unknown outcome counts as
  reserved, at its limit price and fee. No restart, no second process and no midnight passes a limit.
- **There are three states:** `active`, `reducing` (exits and cancels only), `halted` (nothing). They are read
  again in the very transaction after which an order is sent. Halting, and switching off a rule that holds
  shares, leaves those positions without exits.
""",
)


def page(language: str) -> str:
    """The whole page in "ko" or "en"."""
    rows = [_row(entry, language) for entry in GUARDS.values()]
    return "\n".join([getattr(HEAD, language), getattr(TABLE, language), "|---|---|---|---|", *rows, ""])


def _row(entry: Entry, language: str) -> str:
    title, says, setting = (getattr(text, language) for text in (entry.title, entry.says, entry.setting))
    return f"| `{entry.name}` {title} | {getattr(APPLIES[entry.applies_to], language)} | {says} | {setting} |"


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1]))

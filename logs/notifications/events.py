"""Which rows of the journal are events that people are told of, what each is called, and what there is to do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market.errors import Text

NOTHING_TO_DO = Text("", "")


@dataclass(frozen=True, slots=True)
class Event:
    """`usual`: told when a person named no events. `advice`: what to do, as far as there is anything."""

    title: Text
    advice: Text = NOTHING_TO_DO
    usual: bool = True


LOOK_AT_BROKER = Text(
    "주문 화면에서 증거를 보고 결정하세요. 매도는 계속됩니다.", "See the evidence on the order's page and decide."
)
EVENTS: Mapping[str, Event] = {
    "fill": Event(Text("체결", "Fill")),
    "rejected": Event(
        Text("주문 거절", "Order refused"),
        Text("거절 이유를 보고 규칙이나 한도를 확인하세요.", "Read the reason, then check the rule or its limits."),
    ),
    "unknown_order": Event(
        Text("결과를 모르는 주문", "Order of unknown outcome"),
        Text(
            "보통 저절로 밝혀집니다. 같은 주문을 직접 넣지 마세요.", "It usually settles itself; do not place it again."
        ),
    ),
    "needs_person": Event(Text("사람의 확인 필요", "A person is needed"), LOOK_AT_BROKER),
    "settled_by_person": Event(Text("주문을 사람이 확정", "Order settled by a person")),
    "position_disputed": Event(
        Text("보유 수량 불일치", "Holdings differ"),
        Text("증권사 앱의 잔고와 비교하고 고치세요.", "Compare with the broker's app and correct the book."),
    ),
    "symbol_hold": Event(
        Text("종목 보류", "Symbol on hold"),
        Text("분할이면 비율을 확인하고 풀어 주세요.", "If it was a split, check the ratio and release it."),
    ),
    "halted": Event(
        Text("거래 중지", "Trading halted"),
        Text("보유 종목은 자동으로 팔리지 않습니다.", "What is held has no exits meanwhile."),
    ),
    "reducing": Event(
        Text("매수 중지", "Entries stopped"),
        Text("이유를 확인한 뒤 다시 시작하세요. 매도는 계속됩니다.", "Check why, then resume. Exits go on."),
    ),
    "resumed": Event(Text("거래 재개", "Trading resumed")),
    "crash": Event(
        Text("봇이 멈췄다 다시 시작", "The bot fell and comes back"),
        Text("되풀이되면 기록을 확인하세요.", "Look at the journal if it happens again."),
    ),
    "crash_limit": Event(
        Text("봇이 자꾸 멈춤", "The bot keeps falling"),
        Text("기록에서 원인을 없앤 뒤 다시 시작하세요.", "Find the cause in the journal, then resume."),
    ),
    "hook_failed": Event(
        Text("예약 작업 실패", "A scheduled task failed"),
        Text("기록에서 이유를 확인하세요.", "See why in the journal."),
    ),
    "slots_short": Event(
        Text("봇 자리 부족", "Too few slots for bots"),
        Text("BOT_SLOTS를 늘리거나 봇을 줄이세요.", "Raise BOT_SLOTS or stop some bots."),
    ),
    "rebalance": Event(Text("리밸런싱", "Rebalancing")),
    "closure_suspected": Event(Text("휴장 의심", "Suspected closure")),
    "daily_summary": Event(Text("하루 요약", "Daily summary")),
    "cash_flow": Event(Text("입출금", "Cash paid in or out")),
    "webhook": Event(Text("웹훅", "Webhook"), usual=False),
    "bar_difference": Event(Text("봉 차이", "Bars differ"), usual=False),
    "error": Event(
        Text("오류", "Error"), Text("기록에서 자세한 내용을 확인하세요.", "See the journal for what happened.")
    ),
    "other": Event(Text("알림", "Notice"), usual=False),
}
USUAL = frozenset(name for name, event in EVENTS.items() if event.usual)
OF_ORDERS = {"rejected": "rejected", "unknown": "unknown_order"}


def event_of(kind: str, level: str, ctx: Mapping[str, Any]) -> str | None:
    """The event that a row of the journal is; None when nobody need be told."""
    named = ctx.get("event")
    if isinstance(named, str) and named:
        return named if named in EVENTS else "error" if level == "error" else "other"
    if kind == "fill":
        return "fill"
    if kind == "order" and ctx.get("status") in OF_ORDERS:
        return OF_ORDERS[ctx["status"]]
    return "error" if level == "error" else None

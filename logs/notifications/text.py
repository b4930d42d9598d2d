"""Messages that are good to read on a phone: what happened, on which account, real or paper, and what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from logs.masking import masked_text
from logs.notifications.events import EVENTS
from market.errors import Text
from market.sessions import SEOUL

MOST_LINES = 15
MOST_CHARACTERS = 1800  # Discord takes 2,000
SIGNS = {"error": "🔴", "warning": "🟡"}
ENVIRONMENTS = {"real": Text("실전", "real"), "paper": Text("모의", "paper")}
HOUSE = Text("시스템", "system")
TEST = Text(
    "밤새 알림이 이 채널로 옵니다. 잘 보이면 할 일은 없습니다.",
    "Notifications of Bamsae arrive here. If you can read this, there is nothing to do.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One event for a person. `environment` and `account` None: the house's own."""

    seq: int
    event: str
    level: str
    message: Text
    at: datetime
    account: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str


def message_of(events: Sequence[Told], language: str) -> Message:
    """One message for all of them, oldest first; what does not fit is counted."""
    if len(events) == 1:
        return _single(events[0], language)
    worst = next((SIGNS[level] for level in ("error", "warning") if any(e.level == level for e in events)), "🔵")
    title = f"{worst} " + _in(Text(f"밤새 알림 {len(events)}건", f"Bamsae: {len(events)} events"), language)
    body = "\n".join(_line(event, language) for event in events[-MOST_LINES:])
    if (more := len(events) - MOST_LINES) > 0:
        earlier = Text(f"그 전 {more}건은 기록에서 보세요.", f"{more} earlier ones are in the journal.")
        body = f"{_in(earlier, language)}\n{body}"
    return Message(title, _short(body))


def test_message(language: str) -> Message:
    return Message("🔵 " + _in(Text("밤새 시험 알림", "Bamsae: a test"), language), _in(TEST, language))


def _single(told: Told, language: str) -> Message:
    event = EVENTS.get(told.event, EVENTS["other"])
    title = f"{SIGNS.get(told.level, '🔵')} {_in(event.title, language)} · {_who(told, language)}"
    lines = [masked_text(_in(told.message, language)), _time(told)]
    if advice := _in(event.advice, language):
        lines.insert(1, f"👉 {advice}")
    return Message(title, _short("\n".join(lines)))


def _line(told: Told, language: str) -> str:
    sign = SIGNS.get(told.level, "·")
    return f"{sign} {_time(told)} {_who(told, language)}: {masked_text(_in(told.message, language))}"


def _who(told: Told, language: str) -> str:
    if told.account is None:
        return _in(HOUSE, language)
    environment = ENVIRONMENTS.get(told.environment or "")
    return told.account if environment is None else f"{told.account} ({_in(environment, language)})"


def _time(told: Told) -> str:
    return told.at.astimezone(SEOUL).strftime("%m-%d %H:%M")


def _in(text: Text, language: str) -> str:
    return text.en if language == "en" else text.ko


def _short(body: str) -> str:
    return body if len(body) <= MOST_CHARACTERS else body[: MOST_CHARACTERS - 1] + "…"

"""KIS's own hours: when reservations are taken, when present balance lags. Pure; `now` is an argument.

Written on Korea's clock and shifted where the US has daylight saving, by the tz database (sheet 4.3, 4.8, 6.4;
workbook edition 2026-05-08). Holidays and early closes are not known here: see the table of trading days.
"""

from datetime import datetime, time

from kis.wire.values import NEW_YORK, SEOUL
from market.data import aware
from market.errors import Text

# 4.3 reservations: from, until, and until while the US has daylight saving; the pause is approximate
RESERVED_FROM = time(10, 0)
RESERVED_UNTIL = {False: time(23, 20), True: time(22, 20)}
RESERVED_PAUSE = (time(16, 30), time(16, 45))

# 4.8 present balance without the after-market extension: from (about) until this long after the regular close
LAGS_FROM = time(18, 10)
LAGS_UNTIL = time(16, 30)  # New York: 30 minutes after the regular close
# 4.8 with the extension: the batch around midnight
BATCH = (time(23, 40), time(0, 10))
# 4.8 when final figures replace those of the day: without the extension; with it, by daylight saving
SETTLES = (time(8, 40), time(8, 45))
SETTLES_EXTENDED = {False: (time(10, 30), time(10, 35)), True: (time(9, 30), time(9, 35))}

# 4.1 the latest end of a sliced order's own window, New York: 5 minutes before the regular close
SLICED_UNTIL = time(15, 55)

_LAGS = Text(
    "체결기준잔고는 지금 실시간이 아닙니다(18:10부터 미국 장 마감 30분 뒤까지). 수량은 잔고조회로 확인하세요.",
    "Present balance is not live now (18:10 KST until 30 minutes after the US close). Use the holdings for quantities.",
)
_BATCH = Text(
    "체결기준잔고의 배치 시간입니다(23:40~00:10). 수량은 잔고조회로 확인하세요.",
    "The nightly batch of present balance is running (23:40-00:10 KST). Use the holdings for quantities.",
)
_SETTLES = Text(
    "체결기준잔고가 확정 수치로 바뀌는 중입니다. 5분 뒤 다시 조회하세요.",
    "Present balance is being replaced by its final figures. Ask again in five minutes.",
)


def summer(now: datetime) -> bool:
    """Whether the US has daylight saving at `now`."""
    return bool(aware(now).astimezone(NEW_YORK).dst())


def reservations_accepted(now: datetime) -> bool:
    """Whether KIS takes reserved orders at `now` (4.3). Weekends and holidays are not looked at."""
    clock = aware(now).astimezone(SEOUL).time()
    pause_from, pause_until = RESERVED_PAUSE
    return RESERVED_FROM <= clock < RESERVED_UNTIL[summer(now)] and not pause_from <= clock < pause_until


def present_balance_doubt(now: datetime, *, extended: bool = False) -> Text | None:
    """Why present balance is not to be believed at `now` (4.8), None outside of its known windows.

    `extended`: the account has the after-market extension. Without it the windows are longer, so that is assumed.
    """
    clock = aware(now).astimezone(SEOUL).time()
    start, end = SETTLES_EXTENDED[summer(now)] if extended else SETTLES
    if start <= clock < end:
        return _SETTLES
    if extended:
        return _BATCH if clock >= BATCH[0] or clock < BATCH[1] else None
    morning = clock < time(12) and aware(now).astimezone(NEW_YORK).time() < LAGS_UNTIL
    return _LAGS if clock >= LAGS_FROM or morning else None

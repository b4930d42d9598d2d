"""For whom a file is written, and what those tools can say. The parts that a written condition is made of."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from market.errors import Text
from rules.language.nodes import Comparator, Operator


class Profile(StrEnum):
    """BOTH: the builder's importer and the backtester's page read the same meaning. BACKTESTER: its page, REST and
    (without parameters) MCP; the builder would read another meaning."""

    BOTH = "both"
    BACKTESTER = "backtester"


PROFILES = tuple(Profile)


@dataclass(frozen=True, slots=True)
class Reference:
    """`$name`, written where the backtester resolves it."""

    name: str


Setting = Decimal | str | Reference


@dataclass(frozen=True, slots=True)
class Operand:
    """A price (no params), or an official indicator with all of its parameters and one output."""

    name: str
    is_price: bool = False
    params: tuple[tuple[str, Setting], ...] = ()
    output: str | None = None  # None when there is only one


@dataclass(frozen=True, slots=True)
class Scalar:
    op: Operator
    size: Decimal


@dataclass(frozen=True, slots=True)
class Compared:
    left: Operand
    op: Comparator
    right: Operand | Decimal | Reference
    scalar: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Candle:
    id: str
    signal: str


Condition = Compared | Candle


@dataclass(frozen=True, slots=True)
class Group:
    logic: str  # AND, OR
    conditions: tuple[Condition, ...]


# What the backtester reckons otherwise than its name says; a file with it would not mean what the rule means.
NOT_AS_MEANT: dict[str, Text] = {
    "kst": Text(
        "공식 백테스터는 kst 의 인자를 잘못된 순서로 넘깁니다.",
        "The official backtester passes kst's arguments in a wrong order.",
    ),
    "pivot": Text(
        "공식 백테스터는 pivot 의 값을 읽다가 멈춥니다.",
        "The official backtester stops with an error when it reads a pivot.",
    ),
    "ppo.signal": Text(
        "공식 백테스터의 ppo signal 은 가격 단위입니다.", "The official backtester's ppo signal is in units of price."
    ),
    "ppo.histogram": Text(
        "공식 백테스터의 ppo histogram 은 가격 단위입니다.",
        "The official backtester's ppo histogram is in units of price.",
    ),
    **dict.fromkeys(
        ("beta", "alpha"),
        Text("공식 도구는 KOSPI 지수에 견줍니다.", "The official tools measure it against the KOSPI index."),
    ),
}

ONLY_NOW = Text(
    "공식 파일은 봉의 값과 지표만 말할 수 있습니다.", "The official file can speak of bars and indicators only."
)
FAMILIES: dict[str, Text] = {
    "position": Text("공식 파일은 가진 것을 물을 수 없습니다.", "The official file cannot ask what is held."),
    "account": Text("공식 파일은 계좌를 물을 수 없습니다.", "The official file cannot ask about the account."),
    "session": Text("공식 파일은 장의 시각을 물을 수 없습니다.", "The official file cannot ask about the session."),
}
SHIFTED = Text("공식 파일은 앞 봉의 값을 물을 수 없습니다.", "The official file cannot ask for an earlier bar.")
OTHER_SYMBOL = Text("공식 파일에는 다른 종목이 없습니다.", "The official file has no other symbol.")
OTHER_TIMEFRAME = Text(
    "공식 파일은 일봉만 뜻하고 다른 봉 주기가 없습니다.",
    "The official file means daily bars and has no other timeframe.",
)
NESTED = Text(
    "공식 파일의 조건은 AND 하나나 OR 하나로 이은 목록이고, 겹칠 수 없습니다.",
    "Conditions of the official file are one list under one AND or one OR and cannot nest.",
)
NEGATED = Text("공식 파일에는 not 이 없습니다.", "The official file has no not.")
ARITHMETIC = Text(
    "공식 파일은 지표 하나를 숫자나 다른 지표 하나와만 견줍니다.",
    "The official file compares one indicator with a number or one other indicator only.",
)
SCALED = Text(
    "공식 빌더는 오른쪽에 붙은 곱셈·덧셈을 버립니다.", "The official builder drops what scales the right side."
)
SCALED_CROSS = Text(
    "공식 도구는 교차에 붙은 곱셈·덧셈을 버립니다.", "The official tools drop what scales a side of a cross."
)
EQUALITY = Text(
    "두 공식 도구가 모두 읽는 같음의 표기가 없습니다.", "No spelling of equality works in both official tools."
)
VOLUME = Text(
    "공식 빌더는 volume 을 지표의 별명으로 봅니다.", "The official builder takes volume for an indicator's alias."
)
CROSS_PRICE = Text(
    "공식 백테스터는 close 말고는 앞 봉의 값을 기억하지 않아 교차가 달라집니다.",
    "Of prices the official backtester remembers only the close of the bar before: the cross would differ.",
)
NO_SOURCE = Text(
    "공식 파일의 지표는 다른 열(volume 등)을 읽을 수 없습니다.",
    "An indicator of the official file cannot read another column, such as volume.",
)
NOT_EXACT = Text(
    "숫자를 소수 10자리 안에서 정확히 쓸 수 없습니다.", "The number cannot be spelled exactly within ten decimals."
)
NO_INDICATOR = Text("공식 도구에 없는 지표입니다.", "The official tools have no such indicator.")
NO_PATTERN = Text(
    "공식 백테스터가 지원하지 않는 캔들 패턴입니다.", "The official backtester does not support this pattern."
)
CONSTANT = Text("공식 파일은 늘 참인 조건을 말할 수 없습니다.", "The official file cannot say what is always true.")
NEVER = Text("진입 조건이 참이 될 수 없습니다.", "The entry can never be true.")
PERCENT = Text("공식 도구의 손절·익절은 0.1–100 % 입니다.", "The official tools' stops go from 0.1 to 100 percent.")

"""Rules to begin with: whole rule files, each a well-known idea said in the language of conditions.

They are examples to read, test and change, not advice. The symbol and the amount are only there to make a whole rule.
"""

from dataclasses import dataclass
from importlib.resources import files

from market.errors import Text


@dataclass(frozen=True, slots=True)
class ReadyRule:
    """`text` is a rule file as `rules.files.read_rule` reads it; `description` says what the rule believes and when
    that hurts."""

    slug: str
    title: Text
    description: Text
    text: str


def _ready(slug: str, title: tuple[str, str], ko: str, en: str) -> ReadyRule:
    text = files(__name__).joinpath(f"{slug}.yaml").read_text(encoding="utf-8")
    return ReadyRule(slug, Text(*title), Text(ko, en), text)


READY: tuple[ReadyRule, ...] = (
    _ready(
        "golden_cross",
        ("골든크로스", "Golden cross"),
        "짧은 평균이 긴 평균을 뚫고 올라가면 추세가 시작되었다고 믿고 사서, 다시 뚫고 내려가면 팝니다. 옆으로 기는 "
        "시장에서는 늦게 사고 늦게 팔아 조금씩 자주 잃습니다. 뚫는 순간에만 사므로 이미 오른 종목은 사지 않습니다.",
        "Believes that a trend has begun when the short mean rises through the long one, and sells when it falls "
        "back through. In a sideways market it buys late, sells late and loses a little, often. It buys only at "
        "the crossing, so it never joins a trend that is under way.",
    ),
    _ready(
        "momentum",
        ("모멘텀", "Momentum"),
        "석 달 동안 크게 오른 종목은 더 오른다고 믿습니다. 상승률이 기준을 넘는 순간에 사고, 오른 것이 다 식으면 "
        "팝니다. 급락장에서 아픕니다: 오른 폭이 클수록 떨어질 때 빠르므로 손절과 추적 손절을 함께 둡니다. 넘는 "
        "순간에만 사므로 손절된 뒤 같은 상승에 다시 들어가지 않습니다.",
        "Believes that what rose strongly for three months goes on rising: buys when the rise crosses the mark, "
        "sells when nothing of it is left. It hurts in a crash, where what rose most falls fastest, hence a stop "
        "and a trailing stop. As it buys at the crossing only, a stop is not followed by a purchase of the same "
        "rise.",
    ),
    _ready(
        "week52_high",
        ("52주 신고가", "52-week high"),
        "지난 52주의 고가(오늘은 빼고) 위에서 마감하면 팔려던 사람이 다 팔았다고 믿고 사서, 20일 저가 아래에서 "
        "마감하면 팝니다. 신고가 직후 되밀리는 가짜 돌파에서 아프며, 잃는 거래가 더 많고 드문 큰 상승이 그것을 "
        "갚습니다. 그래서 익절이 없습니다.",
        "Believes that above the high of the last 52 weeks, today not counted, nobody is left who waits to sell; "
        "sells when it closes below the low of 20 days. False breakouts hurt: most trades lose and a rare long "
        "rise pays for them, which is why there is no take-profit.",
    ),
    _ready(
        "consecutive",
        ("연속 상승", "Rising days in a row"),
        "평균 위에서 사흘 이어 오르면 사려는 힘이 있다고 믿고 사서, 사흘 이어 내리면 팝니다. 오르내림이 번갈아 "
        "오는 시장에서는 꼭대기에서 사기 쉽고, 하루씩 쉬며 떨어지면 파는 조건이 오지 않으므로 손절이 지켜 줍니다.",
        "Believes that three rising days in a row above the mean show buyers at work; sells after three falling "
        "ones. In a choppy market it tends to buy the top, and a fall that rests a day now and then never counts "
        "three: the stop is there for that.",
    ),
    _ready(
        "disparity",
        ("이격도", "Disparity"),
        "평균에서 지나치게 떨어진 값은 평균으로 돌아온다고 믿습니다. 아직 떨어지는 동안이 아니라 기준선 위로 "
        "되돌아오는 날에 사고, 평균에 닿으면 팝니다. 나쁜 소식으로 평균 자체가 내려가는 종목에서 아픕니다: 돌아올 "
        "자리가 없습니다.",
        "Believes that a price too far below its mean returns to it. It does not buy while it falls but on the day "
        "it comes back above the mark, and sells at the mean. It hurts when bad news takes the mean itself down: "
        "there is nothing to return to.",
    ),
    _ready(
        "failed_breakout",
        ("돌파 실패", "Failed breakout"),
        "저점을 깨뜨렸다가 같은 봉에서 그 위로 돌아오면 팔 사람이 속았다고 믿고 사서, 반대로 고점 돌파가 "
        "실패하거나 저점이 정말 깨지면 팝니다(15분봉). 소식이 있는 날의 진짜 하락에서는 연달아 손절되므로 한 시간 "
        "쉬고 다시 봅니다. 밤사이 갭에는 손절이 늦습니다.",
        "Believes that sellers were fooled when a bar breaks the low and closes back above it; sells when a break "
        "of the high fails the same way, or the low breaks after all (15-minute bars). A real fall on news stops "
        "it out again and again, so it rests an hour; a gap overnight jumps over the stop.",
    ),
    _ready(
        "strong_close",
        ("강한 종가", "Strong close"),
        "평소보다 많은 거래량으로 그날 고가 가까이에서 오르며 마감하면 다음 날도 산다고 믿고, 저가 가까이에서 "
        "마감하면 팝니다. 좋은 소식이 값에 다 들어간 뒤의 하루짜리 급등에서 아프며, 거래가 잦아 수수료가 쌓입니다.",
        "Believes that a rise closing near the day's high on more than the usual volume is bought the next day "
        "too; sells after a close near the low. It hurts after one-day jumps on news that is in the price already, "
        "and it trades often, so costs add up.",
    ),
    _ready(
        "volatility_expansion",
        ("변동성 확장", "Volatility expansion"),
        "조용하던 종목이 갑자기 크게 오르면 움직임이 시작되었다고 믿습니다. 조용함은 오른 날을 빼고 그 전날까지로 "
        "잽니다. 같은 폭으로 떨어지거나 열흘 저가 아래에서 마감하면 팝니다. 하루로 끝나는 소식과, 폭락 뒤의 "
        "반등처럼 이미 시끄러운 시장에서는 맞지 않습니다.",
        "Believes that a sudden rise out of quiet begins a move; the quiet is measured up to the day before, "
        "without the jump itself. Sells on a fall of the same size or a close below the ten-day low. News that is "
        "over in a day hurts; it sits out markets that are loud already.",
    ),
    _ready(
        "mean_reversion",
        ("평균회귀", "Mean reversion"),
        "큰 흐름(일봉)이 위일 때 5분봉이 평균 아래로 눌리면 되돌아온다고 믿습니다. 눌린 다음 봉이 앞 봉의 고가를 "
        "넘어야 사고, 평균에 닿으면 팝니다. 이익이 작아 수수료와 호가 차이에 민감하며, 밤을 넘기면 갭에 손절이 "
        "늦습니다.",
        "Believes that a dip of five-minute bars below their mean comes back while the daily trend is up. It buys "
        "only when the bar after the dip closes above the high before it, and sells at the mean. Gains are small, "
        "so costs and spreads matter; a position kept overnight can gap past its stop.",
    ),
    _ready(
        "trend_filter",
        ("추세 필터", "Trend filter"),
        "올라가는 평균보다 넉넉히 위에 있는 동안만 들고 있습니다. 평균 둘레에 여유를 두어 스칠 때마다 사고팔지 "
        "않습니다. 긴 상승에서 대부분을 얻고, 평균을 오르내리는 시장에서는 여유 폭만큼 거듭 잃습니다.",
        "Holds only while the price is clearly above a rising mean; the room around the mean keeps it from trading "
        "at every touch. It takes most of a long rise, and in a market that swings around the mean it loses the "
        "width of that room again and again.",
    ),
)

"""A strategy's code as something that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from market.data import MarketData
from market.errors import Text
from market.words import Action
from rules.domain import Rule, StrategyBroke, Wish
from rules.indicators import REGISTRY, Family
from rules.language.look import Look
from rules.language.needs import SeriesNeed, merged
from rules.language.nodes import OWN, Series
from rules.sandbox.answers import read_answer
from rules.sandbox.asking import Asking, BadQuestion, Desk, Question
from rules.sandbox.limits import LIMITS, LINE, PRINTED_LINES, Limits
from rules.sandbox.reading import Reading, read_code
from rules.sandbox.relay import run
from rules.sandbox.view import closed_columns, look_at, market_view, params_view, position_view
from rules.sandbox.words import clean
from rules.sandbox.workers import Job, Kind, Outcome

# What an indicator() whose arguments are only known later may look back at.
_UNSEEN = SeriesNeed(bars=LIMITS.bars // 5, anchored=LIMITS.bars // 5, first=1)


class BrokeAt(StrategyBroke):
    """Broke at a line of the user's code, where it is known. `bare` is the sentence without it."""

    def __init__(self, line: int | None, bare: Text) -> None:
        super().__init__(at_line(line, bare))
        self.line = line
        self.bare = bare


@dataclass
class CagedProgram:
    """The user's `decide(market, position, params)` in the cage; see rules.domain.Program.

    `printed`: the first lines that the last call printed, for the journal.
    """

    code: str
    params: Mapping[str, Decimal | str] = field(default_factory=dict)
    limits: Limits = LIMITS
    printed: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def reading(self) -> Reading:
        return read_code(self.code)

    @cached_property
    def questions(self) -> Mapping[Asking, Question]:
        """The indicators that the code is seen to ask for, with this rule's parameters in them."""
        given = params_view(self.params)
        found: dict[Asking, Question] = {}
        for each in self.reading.questions:
            written = each.filled(given)
            if written is None:
                continue
            try:
                found[written.args, written.options] = written.question()
            except BadQuestion:
                continue  # said when it is asked
        return found

    @cached_property
    def needs(self) -> Mapping[Series, SeriesNeed]:
        """The bars that must be loaded: its own lists, and what its indicators read."""
        own = SeriesNeed(bars=self.reading.bars if self.reading.columns else 1)
        each = [{_series(question): _need(question)} for question in self.questions.values()]
        return merged({OWN: own.and_(_UNSEEN) if self.reading.asks_freely else own}, *each)

    def decide(self, market: MarketData, rule: Rule) -> Wish:
        """What it wants now. Where the bars have holes it is not asked, and wants nothing. Raises StrategyBroke."""
        self.printed = ()
        if self.reading.problems:
            problem = self.reading.problems[0]
            raise BrokeAt(problem.line, problem.message)
        look = look_at(market, rule)
        if not market.bars.complete or not len(closed_columns(look.rows)):
            return Wish(Action.NONE)
        desk = Desk(look, self.limits)
        outcome = run(self._job(look, rule, desk), desk.opened)
        self.printed = _lines(outcome.printed)
        kind = Kind.CALLS if desk.spent else outcome.kind
        if kind is not Kind.ANSWERED:
            raise BrokeAt(outcome.line, _SENTENCES[kind](self.limits, outcome))
        return read_answer(outcome.text, self.limits)

    def with_params(self, params: Mapping[str, Decimal | str]) -> "CagedProgram":
        return CagedProgram(self.code, params, self.limits)

    def _job(self, look: Look, rule: Rule, desk: Desk) -> Job:
        newest = int(closed_columns(look.rows).start[-1])
        return Job(
            self.code,
            market_view(look, self.reading.columns, self.reading.bars),
            position_view(look),
            params_view(self.params),
            desk.answers_to(self.questions),
            look.market.now,
            f"{rule.id}:{newest}",
            self.limits,
        )


def _series(question: Question) -> Series:
    return Series(None, question.timeframe) if question.timeframe else OWN


def _need(question: Question) -> SeriesNeed:
    indicator = REGISTRY[question.name]
    reach = indicator.reach(*question.params)
    if indicator.family is Family.WINDOW:
        return SeriesNeed(bars=reach + question.offset)
    return SeriesNeed(bars=question.offset + 1, anchored=reach, first=indicator.first(*question.params))


def _lines(printed: str) -> tuple[str, ...]:
    return tuple(clean(line, LINE) for line in printed[: PRINTED_LINES * LINE * 2].splitlines()[:PRINTED_LINES])


def at_line(line: int | None, text: Text) -> Text:
    """The sentence with the line of the user's code before it, where it is known."""
    if line is None:
        return text
    return Text(f"{line}행: {text.ko}", f"Line {line}: {text.en}")


def _failed(_limits: Limits, outcome: Outcome) -> Text:
    error = clean(outcome.text, 300)
    hint = _NONE_HINT if "NoneType" in error else Text("", "")
    return Text(f"전략 코드가 실패했습니다: {error}{hint.ko}", f"The strategy's code failed: {error}{hint.en}")


_NONE_HINT = Text(
    ". 아직 알 수 없는 값은 None 입니다. 견주기 전에 `is None` 인지 보세요",
    ". A value that cannot be known yet is None: test for that before comparing",
)


def _syntax(_limits: Limits, outcome: Outcome) -> Text:
    error = clean(outcome.text.removeprefix("NotImplementedError: "), 300)
    return Text(f"파이썬 해석기가 읽지 못하는 코드입니다: {error}", f"The interpreter cannot read this: {error}")


def _time(limits: Limits, _outcome: Outcome) -> Text:
    most = f"{limits.seconds * 1000:.0f}"
    return Text(
        f"한 번의 판단이 {most}ms 를 넘었습니다. 반복을 줄이거나 indicator() 를 쓰세요.",
        f"One decision took more than {most} ms. Loop less, or use indicator().",
    )


def _memory(limits: Limits, _outcome: Outcome) -> Text:
    most = f"{limits.memory // 2**20}"
    return Text(f"메모리를 {most}MB 넘게 썼습니다.", f"It used more than {most} MB of memory.")


def _output(limits: Limits, _outcome: Outcome) -> Text:
    most = f"{limits.printed // 1024}"
    return Text(f"print 로 {most}KB 넘게 썼습니다. 덜 인쇄하세요.", f"It printed more than {most} kB. Print less.")


def _calls(limits: Limits, _outcome: Outcome) -> Text:
    most = limits.indicator_calls
    return Text(
        f"한 번의 판단에서 indicator() 를 너무 많이 불렀습니다({most}번까지).",
        f"indicator() was called too often in one decision ({most} at most).",
    )


def _crashed(_limits: Limits, _outcome: Outcome) -> Text:
    return Text(
        "이 코드를 돌리던 작업 프로세스가 두 번 죽었습니다.", "The worker process that ran this code died twice."
    )


_SENTENCES = {
    Kind.FAILED: _failed,
    Kind.SYNTAX: _syntax,
    Kind.TIME: _time,
    Kind.MEMORY: _memory,
    Kind.OUTPUT: _output,
    Kind.CALLS: _calls,
    Kind.CRASHED: _crashed,
}

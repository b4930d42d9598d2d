"""What `check` says of a condition that means nothing: where, what was expected, what may have been meant."""

from market.errors import Text
from rules.indicators.patterns import PATTERNS
from rules.indicators.registry import REGISTRY
from rules.language.arguments import example
from rules.language.errors import ConditionError, nearest
from rules.language.kinds import Kind
from rules.language.names import NAMES, Known
from rules.language.nodes import WORDS, Call, Name, Node, Pattern, Series
from rules.language.printer import to_text
from rules.language.units import Measure

_KINDS = {
    Kind.BOOLEAN: Text("참·거짓", "true or false"),
    Kind.EXACT: Text("숫자", "a number"),
    Kind.FLOAT: Text("숫자", "a number"),
    Kind.WORD: Text("낱말", "a word"),
}


def not_a_condition(node: Node, kind: Kind) -> ConditionError:
    found = _KINDS[kind]
    return ConditionError(
        Text(
            f"`{to_text(node)}` 은(는) 조건이 아니라 {found.ko}입니다.",
            f"`{to_text(node)}` is {found.en}, not a condition.",
        ),
        code="not_a_condition",
        place=node.place,
        expected=Text("`rsi(14) < 30` 같은 비교", "a comparison such as `rsi(14) < 30`"),
    )


def wrong_kind(node: Node, found: Kind, wanted: Kind) -> ConditionError:
    return ConditionError(
        Text(f"`{to_text(node)}` 은(는) {_KINDS[found].ko}입니다.", f"`{to_text(node)}` is {_KINDS[found].en}."),
        code="wrong_kind",
        place=node.place,
        expected=_KINDS[wanted],
    )


def wrong_unit(left: Node, right: Node, units: tuple[Measure, Measure]) -> ConditionError:
    a, b = (unit.text for unit in units)
    return ConditionError(
        Text(
            f"`{to_text(left)}` 의 단위는 {a.ko}, `{to_text(right)}` 의 단위는 {b.ko}: 견주거나 더할 수 없습니다.",
            f"`{to_text(left)}` is {a.en} and `{to_text(right)}` is {b.en}; they cannot be compared or added.",
        ),
        code="wrong_unit",
        place=right.place,
        expected=Text(f"단위가 {a.ko} 인 값이나 숫자", f"something that is {a.en}, or a plain number"),
    )


def words_only_match(node: Node) -> ConditionError:
    return ConditionError(
        Text("낱말은 == 와 != 로만 비교합니다.", "Words can only be compared by == and !=."),
        code="wrong_kind",
        place=node.place,
        expected=Text("`session.phase == regular`", "`session.phase == regular`"),
    )


def unknown_word(node: Node, words: list[str]) -> ConditionError:
    return ConditionError(
        Text(f"`{to_text(node)}` 은(는) 여기에 없는 낱말입니다.", f"`{to_text(node)}` is no word that can stand here."),
        code="unknown_word",
        place=node.place,
        expected=Text(f"다음 가운데 하나: {', '.join(words)}", f"one of {', '.join(words)}"),
        suggestion=nearest(to_text(node), words),
    )


def no_history(known: Known, node: Node) -> ConditionError:
    return ConditionError(
        Text(
            f"`{known.name}` 은(는) 지금 값만 알려져, 봉을 거슬러 보거나 넘는지 볼 수 없습니다.",
            f"Of `{known.name}` only the present value is known: it has no earlier bar and cannot cross.",
        ),
        code="no_history",
        place=node.place,
        expected=Text(
            "close 나 지표처럼 봉마다 값이 있는 것", "something with a value per bar, such as close or an indicator"
        ),
    )


def nothing_moves(node: Node) -> ConditionError:
    return ConditionError(
        Text("움직이지 않는 두 값은 서로 넘을 수 없습니다.", "Two values that never move cannot cross."),
        code="nothing_moves",
        place=node.place,
        expected=Text("봉마다 바뀌는 값, 예를 들어 `close`", "a value that changes by the bar, such as `close`"),
    )


def too_many_bars(node: Node, needed: int, most: int) -> ConditionError:
    return ConditionError(
        Text(f"봉 {needed}개를 보아야 하는 조건입니다.", f"This condition must see {needed} bars."),
        code="too_many_bars",
        place=node.place,
        expected=Text(f"{most}개 이내", f"at most {most}"),
    )


def not_of_bars(node: Name) -> ConditionError:
    """A name that only the own series has, asked of another."""
    series, known = node.series, [name for name, each in NAMES.items() if each.of_bar]
    symbol, meant = (series.symbol or "").lower(), None
    if node.name in REGISTRY:
        prefix = f"{to_text(Name('close', Series(series.symbol))).removesuffix('close')}" if series.symbol else ""
        meant = prefix + example(REGISTRY[node.name])
    elif symbol in REGISTRY:
        output = node.name if any(o.name == node.name for o in REGISTRY[symbol].outputs) else ""
        meant = example(REGISTRY[symbol]) + (f".{output}" if output else "")
    elif node.name in NAMES:
        meant = to_text(Name("close", series)) if node.name == "price" else None
    else:
        meant = nearest(f"{symbol}.{node.name}", NAMES) if series.timeframe is None else None
        close = nearest(node.name, [*known, *REGISTRY])
        meant = meant or (to_text(Name(close, series)) if close in (*known, *REGISTRY) else None)
    return ConditionError(
        Text(
            f"다른 봉이나 종목에는 `{node.name}` 이(가) 없습니다.",
            f"Another symbol or timeframe has no `{node.name}`.",
        ),
        code="unknown_name",
        place=node.place,
        expected=Text(f"{', '.join(known)} 또는 지표", f"one of {', '.join(known)}, or an indicator"),
        suggestion=meant,
    )


def unknown_name(node: Name) -> ConditionError:
    if node.name in REGISTRY:
        return ConditionError(
            Text(f"`{node.name}` 에는 값이 필요합니다.", f"`{node.name}` needs its arguments."),
            code="unknown_name",
            place=node.place,
            suggestion=example(REGISTRY[node.name]),
        )
    if node.name in PATTERNS:
        return ConditionError(
            Text(f"`{node.name}` 은(는) 캔들 패턴입니다.", f"`{node.name}` is a candle pattern."),
            code="unknown_name",
            place=node.place,
            suggestion=f"detected({node.name})",
        )
    return ConditionError(
        Text(f"`{node.name}` 은(는) 없는 이름입니다.", f"There is nothing called `{node.name}`."),
        code="unknown_name",
        place=node.place,
        suggestion=nearest(node.name, [*NAMES, *REGISTRY, *WORDS]),
    )


# What other languages call our indicators.
_ALSO_CALLED = {
    "max": "maximum(20)", "highest": "maximum(20)", "hhv": "maximum(20)",
    "min": "minimum(20)", "lowest": "minimum(20)", "llv": "minimum(20)",
}  # fmt: skip


def unknown_indicator(node: Call) -> ConditionError:
    if node.name in NAMES:
        return ConditionError(
            Text(f"`{node.name}` 은(는) 지표가 아니라 값입니다.", f"`{node.name}` is a value, not an indicator."),
            code="unknown_indicator",
            place=node.place,
            suggestion=node.name,
        )
    return ConditionError(
        Text(f"`{node.name}` 은(는) 없는 지표입니다.", f"There is no indicator `{node.name}`."),
        code="unknown_indicator",
        place=node.place,
        expected=Text("지표 목록에 있는 이름", "a name of the list of indicators"),
        suggestion=_ALSO_CALLED.get(node.name) or nearest(node.name, [*REGISTRY, "all", "any", "not"]),
    )


def unknown_pattern(node: Pattern) -> ConditionError:
    return ConditionError(
        Text(f"`{node.name}` 은(는) 없는 캔들 패턴입니다.", f"There is no candle pattern `{node.name}`."),
        code="unknown_pattern",
        place=node.place,
        expected=Text("패턴 목록에 있는 이름", "a name of the list of patterns"),
        suggestion=nearest(node.name, PATTERNS),
    )


def never_signals(node: Pattern) -> ConditionError:
    other = "bearish" if node.signal == "bullish" else "bullish"
    return ConditionError(
        Text(
            f"`{node.name}` 패턴은 {node.signal} 신호를 내지 않습니다.",
            f"The pattern `{node.name}` never signals {node.signal}.",
        ),
        code="never_true",
        place=node.place,
        suggestion=f"{other}({node.name})",
    )


def divides_by_zero(node: Node) -> ConditionError:
    return ConditionError(
        Text(f"`{to_text(node)}` 은(는) 0 으로 나눕니다.", f"`{to_text(node)}` divides by zero."),
        code="never_known",
        place=node.place,
    )


def never_true(node: Node, because: Text, suggestion: str | None = None) -> ConditionError:
    return ConditionError(
        Text(
            f"`{to_text(node)}` 은(는) 결코 참이 될 수 없습니다: {because.ko}.",
            f"`{to_text(node)}` can never be true: {because.en}.",
        ),
        code="never_true",
        place=node.place,
        suggestion=suggestion,
    )


def contradiction(node: Node, earlier: str) -> ConditionError:
    return ConditionError(
        Text(
            f"`{to_text(node)}` 은(는) `{earlier}` 과(와) 함께 참일 수 없습니다.",
            f"`{to_text(node)}` cannot be true together with `{earlier}`.",
        ),
        code="contradiction",
        place=node.place,
        expected=Text("함께 참일 수 있는 조건, 또는 or", "conditions that can hold together, or `or`"),
    )

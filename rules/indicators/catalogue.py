"""The page that lists every indicator: `python -m rules.indicators.catalogue docs/indicators.md`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from rules.indicators.registry import REGISTRY
from rules.indicators.shapes import Family, Indicator, Output, Parameter

TITLES = {
    "moving_average": "이동평균 · Moving averages",
    "oscillator": "오실레이터 · Oscillators",
    "trend": "추세 · Trend",
    "volume": "거래량 · Volume",
    "volatility": "변동성 · Volatility",
    "misc": "기타 · Others",
}

HEAD = """# 지표 · Indicators

이 문서는 `python -m rules.indicators.catalogue docs/indicators.md`가 만든다. 고칠 곳은 `rules/indicators`이다.
This page is written by `python -m rules.indicators.catalogue docs/indicators.md` from `rules/indicators`.

모든 지표의 값은 정해진 봉에서만 나온다. 그래서 실시간, 미리보기, 백테스트의 값이 마지막 비트까지 같다.

- **창(window)**: 마지막 몇 개 봉만 읽고 봉마다 새로 계산한다. 그 안에 없는 값이 있으면 값이 없다(모름).
- **기준 봉(anchor)**: 앞의 값을 이어 가는 지표는 기준 봉부터 계산한다. 기준 봉은 08:00 UTC(일봉은 28일)마다 나뉘는
  구간의 첫 봉 가운데, 지금 구간보다 정한 수만큼 앞선 가장 가까운 것이다. 없는 봉은 건너뛴다.

The value of every indicator comes from declared bars alone, so live, preview and backtest agree to the last bit.

- **window**: reads exactly the last bars, afresh at every bar; where one of them lacks a value there is none (unknown).
- **anchor**: what carries a value along is reckoned from the anchor bar: the first bar of the latest block of time
  (from 08:00 UTC to 08:00 UTC; 28 days for daily bars) that lies the stated number of bars before the present block.
  A bar that is not there is stepped over.

`C`가 아닌 다른 열을 읽을 수 있는 지표는 첫 인자로 받는다: `sma(volume, 20)`. 아래에 **열 선택**으로 적었다.
Indicators marked **any column** take another column than the close as their first argument: `sma(volume, 20)`.

O, H, L, C, V = 시가, 고가, 저가, 종가, 거래량 · open, high, low, close, volume.
`C[n]` = n개 봉 전의 C · C of n bars ago.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD]
    for group, title in TITLES.items():
        parts.append(f"## {title}\n")
        parts.extend("\n".join(_lines(i)) + "\n" for i in REGISTRY.values() if i.group == group)
    return "\n".join(parts)


def _lines(indicator: Indicator) -> Iterator[str]:
    family = "창 · window" if indicator.family is Family.WINDOW else "기준 봉 · anchor"
    reads = "열 선택 · any column" if indicator.sourced else ", ".join(indicator.reads)
    yield f"### `{indicator.name}`: {indicator.title.ko} · {indicator.title.en}\n"
    yield f"{family} | {reads}\n"
    yield from (_parameter(p) for p in indicator.parameters)
    yield from (_output(o) for o in indicator.outputs)
    yield f"\n{indicator.definition.ko}\n"
    yield indicator.definition.en


def _parameter(parameter: Parameter) -> str:
    if parameter.kind == "choice":
        bounds = ", ".join(f"`{choice}`" for choice in parameter.choices)
    elif parameter.kind == "symbol":
        bounds = "종목 · a symbol"
    else:
        bounds = f"{parameter.least:g}–{parameter.most:g}"
    default = parameter.default if isinstance(parameter.default, str) else f"{parameter.default:g}"
    return f"- `{parameter.name}` = {default} ({bounds}): {parameter.title.ko} · {parameter.title.en}"


def _output(output: Output) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in (output.low, output.high))
    bounds = f", {low}…{high}" if low or high else ""
    return f"- → `.{output.name}` ({output.unit.value}{bounds}): {output.title.ko} · {output.title.en}"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

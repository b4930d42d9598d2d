"""Which bars a condition must see, series by series."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.language.nodes import OWN, Series


@dataclass(frozen=True, slots=True)
class SeriesNeed:
    """`bars`: the newest bars that windows and `close[n]` read. `anchored`: the largest reach of anchored indicators,
    None without any. `first`: how many bars from its anchor on the slowest of them needs for its first value."""

    bars: int = 0
    anchored: int | None = None
    first: int = 0

    def and_(self, other: "SeriesNeed") -> "SeriesNeed":
        reaches = [need.anchored for need in (self, other) if need.anchored is not None]
        return SeriesNeed(max(self.bars, other.bars), max(reaches, default=None), max(self.first, other.first))

    @property
    def look_back(self) -> int:
        """Bars that matter: of the windows, or back to where an anchored value has settled."""
        return max(self.bars, self.first, self.anchored or 0)


Needs = Mapping[Series, SeriesNeed]


def merged(*many: Needs) -> dict[Series, SeriesNeed]:
    """What all of them need."""
    whole: dict[Series, SeriesNeed] = {}
    for needs in many:
        for series, need in needs.items():
            whole[series] = whole.get(series, SeriesNeed()).and_(need)
    return whole


def look_back(needs: Needs) -> int:
    """Of the rule's own series; 0 when the condition reads no bar of it."""
    need = needs.get(OWN)
    return need.look_back if need else 0

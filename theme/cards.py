"""Cards on the admin's first page: each app fills its own, the page only lays them out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.http import HttpRequest

from market.errors import Text

Tone = Literal["plain", "good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of text on a card; `url` makes it a link, `tone` colours it."""

    text: Any
    tone: Tone = "plain"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A small table with a title. `empty` is said when there are no rows: it is never just blank."""

    title: Text
    headers: Sequence[Text]
    rows: Sequence[Sequence[Cell]]
    empty: Text
    url: str = ""  # where all of it is
    wide: bool = False
    name: str = ""  # stays the same, for tests and styling


MakeCard = Callable[[HttpRequest], Card | None]


@dataclass
class _Registry:
    makers: dict[str, tuple[int, MakeCard]] = field(default_factory=dict)


_registry = _Registry()


def register(make: MakeCard, *, order: int = 100) -> MakeCard:
    """Put a card on the first page; lower `order` comes first. Call it from the app's admin.py.

    `make(request)` may answer None when it has nothing for this person. Registering the same function again is
    harmless.
    """
    _registry.makers[f"{make.__module__}.{make.__qualname__}"] = (order, make)
    return make


def cards(request: HttpRequest) -> Iterator[Card]:
    """Every card for this person, in order."""
    for _order, make in sorted(_registry.makers.values(), key=lambda entry: entry[0]):
        if (card := make(request)) is not None:
            yield card


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback for the first page."""
    return {**context, "cards": list(cards(request))}

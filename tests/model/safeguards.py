"""The safeguards, each with the way to take it away and the small world in which its absence costs something.

Most are switches of the model's glue, where orders/ has a condition, a lock or a constraint; some replace a real
function for as long as the exploration lasts. docs/model.md has the same table, checked by a test.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from orders import facts, readings, settlement
from orders.domain import State
from tests.model.scenarios import AMENDED, BUYS, CANCELS, HOLDS, ONE, PHONE, ROUND, SLOW, TWO_DAYS, TWO_PRICES
from tests.model.worlds import Scenario

DOUBTED = frozenset({State.UNKNOWN, State.NOT_SEEN})


@dataclass(frozen=True, slots=True)
class Safeguard:
    """`off`: switches of the glue, the name itself when empty. `replaced`: module, name and what stands there instead.

    `loss`: words that the judge's finding must contain.
    """

    name: str
    rule: str
    world: Scenario
    loss: str
    off: tuple[str, ...] = ()
    replaced: tuple[Any, str, Any] | None = None

    @property
    def switches(self) -> frozenset[str]:
        return frozenset(self.off or (self.name,))

    def taken_away(self) -> Any:
        return nullcontext() if self.replaced is None else _replaced(*self.replaced)


@contextmanager
def _replaced(module: Any, name: str, instead: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, instead)
        yield


_may_still_fill = facts.may_still_fill


def _nothing_of_doubted(it: Any) -> int:
    return 0 if it.status in DOUBTED else _may_still_fill(it)


def _always(row: Any) -> bool:
    return True


def _never(row: Any, rows: Any) -> tuple[()]:
    return ()


def _at_once(row: Any, successors: Any, day_over: bool) -> bool:
    return any(r.request_kind == "cancel" for r in successors)


SAFEGUARDS = (
    Safeguard("reservation", "1.2, 3.3", TWO_PRICES, "exposure", off=("unsettled_buy",),
              replaced=(facts, "may_still_fill", _nothing_of_doubted)),
    Safeguard("no second request", "1.1", BUYS, "two orders"),
    Safeguard("silence is no proof before the day is over", "1.2", BUYS, "exposure"),
    Safeguard("no identical order beside a doubt", "1.2, 2.4", BUYS, "did not cause",
              off=("identical_order", "unsettled_buy")),
    Safeguard("claimed set", "1.6", BUYS, "did not cause", off=("claimed set", "number once in the database")),
    Safeguard("channel filter", "1.6", PHONE, "did not cause", replaced=(settlement, "is_ours", _always)),
    Safeguard("original-rows filter", "1.6", CANCELS, "look fails", replaced=(settlement, "is_original", _always)),
    Safeguard("parking", "1.6", BUYS, "person is called"),
    Safeguard("deadline", "1.5", ONE, "exposure"),
    Safeguard("fencing", "5.3, 5.4", ONE, "exposure"),
    Safeguard("date in the key", "1.7", TWO_DAYS, "person is called"),
    Safeguard("amends continue an order", "1.7", AMENDED, "fill is lost", replaced=(readings, "successors_of", _never)),
    Safeguard("cancels take effect when nothing is open", "1.8", SLOW, "exposure",
              replaced=(readings, "_cancelled_by", _at_once)),
    Safeguard("compare-and-set", "1.9", HOLDS, "book"),
    Safeguard("notices never sellable", "1.9", ROUND, "sold than is owned"),
    Safeguard("complete list for ends", "1.10", ONE, "exposure"),
    Safeguard("intents that nobody carries are closed", "1.4, 6.1", BUYS, "still intent"),
)  # fmt: skip

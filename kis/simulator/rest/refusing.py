"""Refusals raised inside a handler, and the answers that they become."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from kis.simulator import codes
from kis.simulator.exchange import Refused
from kis.simulator.rest.call import Answer, Call, bad_field, refusal
from kis.simulator.rest.fields import BadField
from kis.simulator.world import World


class Declined(Exception):
    """A refusal that has its answer already."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def refused(world: World, call: Call, reason: str) -> Answer:
    """The ledger's words for what the exchange refuses, per side (section 8.3)."""
    rt_cd, code, text = codes.REFUSALS[reason][call.side]
    if call.side == codes.REAL:
        code = world.switches.real_refusals.get(reason, code)
    return refusal(rt_cd, code, text)


def guarded(handle: Callable[[World, Call], Answer]) -> Callable[[World, Call], Answer]:
    """A handler whose refusals become answers."""

    @wraps(handle)
    def guard(world: World, call: Call) -> Answer:
        try:
            return handle(world, call)
        except BadField as e:
            return bad_field(str(e))
        except Refused as e:
            return refused(world, call, e.reason)
        except Declined as e:
            return e.answer

    return guard

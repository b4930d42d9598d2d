"""Words that a rule is described with. They travel in lower case; no Django here."""

from enum import StrEnum


class Mode(StrEnum):
    """How a rule says what it wants: conditions, or a Python function `decide`."""

    DSL = "dsl"
    PYTHON = "python"


class OrderPrice(StrEnum):
    """What the limit price starts from; the offsets (bps and ticks) are added against us, negative ones for us."""

    LAST = "last"
    TOUCH = "touch"  # the ask when buying, the bid when selling
    PASSIVE = "passive"  # the bid when buying, the ask when selling: it waits to be met


class SignalType(StrEnum):
    ENTRY = "entry"
    EXIT = "exit"
    VETO = "veto"


class AtClose(StrEnum):
    """What becomes of an unfilled order near the end of the session that it is for."""

    LEAVE = "leave"  # the broker lets it expire
    CANCEL = "cancel"


MOST_OFFSET_BPS = 1000  # ten percent, the collar of an exit: further would mean nothing
MOST_OFFSET_TICKS = 1000
MOST_REPRICES = 20
MOST_SLIPPAGE_BPS = 1000
MOST_CLOSE_MARGIN_SEC = 3600

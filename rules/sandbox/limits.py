"""What one call of a strategy may use. Whoever needs more is stopped, and the rule is switched off."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes or characters, times in seconds."""

    seconds: float = 0.05
    memory: int = 32 * 2**20
    printed: int = 64 * 2**10
    depth: int = 200  # function calls inside one another
    indicator_calls: int = 100
    indicator_seconds: float = 0.25  # what reckoning them may cost this process
    code: int = 20_000
    answer: int = 4_000
    reason: int = 200
    bars: int = 5_000
    quantity: int = 10_000_000
    price: int = 1_000_000


LIMITS = Limits()

USUAL_BARS = 300
GRACE = 0.05  # after which a worker that does not keep its own time is killed
PATIENCE = 4  # times the limit that the wall clock may run on a busy machine, if the processor's time keeps to it
LONGEST_TURN = 1.0  # everything between two words with a worker, reading its answer included
WORKER_MEMORY = 512 * 2**20  # address space of a worker process, its program included
PRINTED_LINES = 20  # kept for the journal
LINE = 200

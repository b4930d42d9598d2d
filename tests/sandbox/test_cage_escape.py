"""Nothing gets out of the cage, nothing wears it out, and the next strategy decides as if nothing had been.

The attempts stand in `corpus/`; how to read them is said there.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from market.data import MarketData
from market.words import Action
from rules.domain import Rule, StrategyBroke, Wish
from rules.sandbox import LIMITS, CagedProgram
from rules.sandbox.asking import Desk
from rules.sandbox.limits import GRACE, PATIENCE
from rules.sandbox.reading import COLUMNS, read_code
from rules.sandbox.view import look_at, market_view, position_view
from rules.sandbox.workers import WORKERS, Job, Kind, Outcome, run_here

SECRET = "canary-5b2f9d-nobody-may-read-this"
# A limit that was hit is tried again with patience; the rest is what a busy machine may add.
SLOWEST = LIMITS.seconds * (1 + PATIENCE) + 2 * GRACE + 1.5

SAID = {  # what a sentence says, most telling first
    "answer": ("What decide() returned",),
    "failed": ("strategy's code failed",),
    "refused": ("cannot use", "cannot be imported", "There is no", "no Python", "plain function", "name each", "read,",
                "characters"),
    "syntax": ("interpreter cannot read",),
    "time": ("took more than 50 ms",),
    "memory": ("more than 32 MB",),
    "output": ("It printed more than",),
    "calls": ("called too often",),
    "crashed": ("died twice",),
}  # fmt: skip

GOOD = """
def decide(market, position, params):
    return "enter" if market.close[-1] > indicator("sma", 20) > market.close[-40] else None
"""


@dataclass(frozen=True)
class Attempt:
    name: str
    program: frozenset[str]
    cage: frozenset[str]
    code: str


@dataclass
class Canaries:
    file: Path
    port: int
    door: socket.socket
    held: set[str] = field(default_factory=set)

    def untouched(self) -> bool:
        try:
            self.door.accept()
        except BlockingIOError:
            return self.file.read_text() == SECRET
        return False


def _attempts() -> Iterator[Attempt]:
    for path in sorted((Path(__file__).parent / "corpus").glob("*.txt")):
        for part in path.read_text().split("#: ")[1:]:
            head, code = part.split("\n", 1)
            name, program, cage = (word.strip() for word in head.split("|"))
            yield Attempt(name, frozenset(program.split(" or ")), frozenset(cage.split(" or ")), code)
    yield from _parsing_bombs()


def _parsing_bombs() -> Iterator[Attempt]:
    """Too long to be written out."""
    harmless = "\ndef decide(market, position, params):\n    return None\n"
    refused = {
        "brackets": "(" * 9000,
        "minus signs": "x = " + "-" * 15000 + "1",
        "nots": "x = " + "not " * 4000 + "1",
        "attributes": "x = a" + ".b" * 9000,
        "sums": "x = 1" + "+1" * 9000,
        "calls": "x = print" + "()" * 9000,
        "digits": "x = " + "9" * 15000,
        "lines": "# padding padding padding\n" * 1000,
        "a character that is none": "x = '\ud800'",
        "a null": "x = 1\0",
    }
    for name, code in refused.items():
        yield Attempt(f"parsing: {name}", frozenset({"refused"}), frozenset(), code + harmless)
    deep = {
        "lambdas": "x = " + "lambda: " * 2000 + "1",
        "comparisons": "x = 1" + "<1" * 9000,
        "elifs": "if 0: pass\n" + "elif 0: pass\n" * 1100,
        "functions": "".join(" " * n + "def f():\n" for n in range(90)) + " " * 90 + "pass",
        "conditions": "x = " + "1 if 1 else " * 1500 + "1",
        "dictionaries": "x = " + "{1:" * 90 + "1" + "}" * 90,
    }
    any_end = frozenset({"refused", "failed", "syntax", "none", "time", "memory", "crashed"})
    for name, code in deep.items():
        yield Attempt(f"parsing: {name}", any_end, frozenset({kind.value for kind in Kind} | {"held"}), code + harmless)


ATTEMPTS = tuple(_attempts())


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    WORKERS.close()  # so that the workers are children of a process with the secret in its environment
    os.environ["BAMSAE_CANARY"] = SECRET
    file = tmp_path_factory.mktemp("canary") / "secret.txt"
    file.write_text(SECRET)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        door.setblocking(False)
        yield Canaries(file, door.getsockname()[1], door)
    del os.environ["BAMSAE_CANARY"]


def _armed(attempt: Attempt, canaries: Canaries) -> str:
    return attempt.code.replace("@FILE@", str(canaries.file)).replace("@PORT@", str(canaries.port))


def _said(program: CagedProgram, market: MarketData, rule: Rule) -> tuple[str, str]:
    """The word for how it ended, and everything that came out."""
    try:
        wish = program.decide(market, rule)
    except StrategyBroke as broke:
        word = next((word for word, parts in SAID.items() if any(part in broke.text.en for part in parts)), "")
        return word, f"{broke.text.ko} {broke.text.en} {program.printed}"
    assert wish == Wish(Action.NONE), wish
    return "none", str(program.printed)


def _in_the_cage_alone(code: str, market: MarketData, rule: Rule) -> Outcome:
    """Run without having been read first."""
    look = look_at(market, rule)
    desk = Desk(look, LIMITS)
    view = market_view(look, COLUMNS, 300)
    asked = {asking: 55.5 for asking in [(("rsi", 14), ())] if "_cage_known" in code}
    job = Job(code, view, position_view(look), {"fast": 10}, asked, market.now, f"{rule.id}:1")
    outcome = run_here(job, desk.opened)
    return Outcome(Kind.CALLS, outcome.text, outcome.line, outcome.printed) if desk.spent else outcome


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=[attempt.name for attempt in ATTEMPTS])
def test_an_attempt_is_held_twice_and_harms_no_other(
    attempt: Attempt, canaries: Canaries, market_of: Callable[..., MarketData], rule: Rule
) -> None:
    market, code = market_of(), _armed(attempt, canaries)
    good = CagedProgram(GOOD)
    bars_before = market.bars.columns.close.tolist()

    begun = time.perf_counter()
    word, out = _said(CagedProgram(code, {"fast": 10}), market, rule)  # type: ignore[dict-item]
    assert time.perf_counter() - begun < SLOWEST
    assert word in (attempt.program | {"memory"} if "time" in attempt.program else attempt.program), out
    assert SECRET not in out
    assert len(out) < 10_000
    assert str(Path(__file__).parents[2]) not in out

    if attempt.cage:
        begun = time.perf_counter()
        outcome = _in_the_cage_alone(code, market, rule)
        assert time.perf_counter() - begun < SLOWEST
        ended = "held" if outcome.kind is Kind.ANSWERED else outcome.kind.value
        # which limit a loop meets first depends on how quick the machine is
        allowed = attempt.cage | {"memory"} if "time" in attempt.cage else attempt.cage
        assert ended in allowed, outcome
        assert SECRET not in outcome.text + outcome.printed
        assert len(outcome.text) <= LIMITS.answer
        if outcome.kind in (Kind.ANSWERED, Kind.FAILED):
            assert _in_the_cage_alone(code, market, rule) == outcome  # nothing was kept, nothing is left to chance

    assert canaries.untouched()
    assert market.bars.columns.close.tolist() == bars_before
    assert good.decide(market, rule) == Wish(Action.ENTRY)
    assert read_code(GOOD).problems == ()
    canaries.held.add(attempt.name)


def test_every_attempt_was_held(
    canaries: Canaries, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    if request.config.option.keyword:
        pytest.skip("only some were run")
    with capsys.disabled():
        print(f"\nescape corpus: {len(ATTEMPTS)} attempts, {len(canaries.held)} held")
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 60
    assert len(canaries.held) == len(ATTEMPTS)

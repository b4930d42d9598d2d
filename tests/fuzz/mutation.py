"""Random damage to something valid: what wires, proxies and other people's programs do to a message."""

import random
from collections.abc import Callable

ODD = [
    "",
    " ",
    "\x00",
    "0",
    "-1",
    "1e400",
    "NaN",
    "٣",
    "９",
    "한국",
    "^",
    "|",
    "=",
    "%",
    "null",
    "true",
    "[]",
    "{}",
    "A" * 5000,
]


def damaged(text: str, rng: random.Random) -> str:
    """The text after one to four random changes."""
    for _ in range(rng.randint(1, 4)):
        text = rng.choice(CHANGES)(text, rng)
    return text


def _cut(text: str, rng: random.Random) -> str:
    return text[: rng.randint(0, len(text))]


def _without(text: str, rng: random.Random) -> str:
    start = rng.randint(0, len(text))
    return text[:start] + text[start + rng.randint(1, 20) :]


def _twice(text: str, rng: random.Random) -> str:
    start = rng.randint(0, len(text))
    return text[:start] + text[start : start + rng.randint(1, 40)] + text[start:]


def _odd(text: str, rng: random.Random) -> str:
    start = rng.randint(0, len(text))
    return text[:start] + rng.choice(ODD) + text[start:]


def _character(text: str, rng: random.Random) -> str:
    if not text:
        return chr(rng.randint(0, 0x2FF))
    start = rng.randrange(len(text))
    return text[:start] + chr(rng.randint(0, 0x2FF)) + text[start + 1 :]


def _field(text: str, rng: random.Random) -> str:
    """One field of a record is something else."""
    parts = text.split("^")
    parts[rng.randrange(len(parts))] = rng.choice(ODD)
    return "^".join(parts)


CHANGES: list[Callable[[str, random.Random], str]] = [_cut, _without, _twice, _odd, _character, _field]

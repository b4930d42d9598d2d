"""One rule means the same live, step by step and all at once: a seeded share of `./run bench parity`."""

from collections import Counter

import pytest

from bench.parity_paths import Found, compare

MARKETS = 48


@pytest.fixture(scope="module")
def found() -> Found:
    found = Found()
    for seed in range(MARKETS):
        found.add(compare(seed, bars=700, live=25))
    return found


def test_verdicts_and_values_are_the_same_on_every_way(found):
    assert found.different == 0, "\n".join(found.differences)


def test_every_way_was_compared_with_another(found):
    kinds: Counter[str] = found.kinds
    assert kinds["array = step"] > 50_000
    assert kinds["cut = whole"] > 50_000  # nothing later was read
    assert kinds["live = step"] > 3_000
    assert kinds["value live = array"] > 500

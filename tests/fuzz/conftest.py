"""How long the fuzzing goes on: a minute each with `--all`, and as long as FUZZ_SECONDS says."""

import importlib.util
import os
import random
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("mutation", Path(__file__).with_name("mutation.py"))
assert _spec is not None and _spec.loader is not None
_mutation = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_mutation)


@pytest.fixture
def seconds() -> float:
    return float(os.environ.get("FUZZ_SECONDS", "60"))


@pytest.fixture
def rng() -> Any:
    """Random, and told when a test fails: FUZZ_SEED plays it again."""
    seed = os.environ.get("FUZZ_SEED") or str(random.SystemRandom().getrandbits(64))
    print(f"FUZZ_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def damaged() -> Any:
    return _mutation.damaged

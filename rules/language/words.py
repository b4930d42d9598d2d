"""The words of the language, and which of them mean something by themselves."""

from rules.indicators.registry import REGISTRY
from rules.language.names import NAMES
from rules.language.nodes import WORDS, Comparator, Signal

FAMILIES = frozenset(name.split(".")[0] for name in NAMES if "." in name)  # position, account, session
JOINTS = frozenset({"and", "or", "between", "crosses_above", "crosses_below"})
GROUPS = frozenset({"all", "any"})
KEYWORDS = JOINTS | GROUPS | {"not", "true", "false"} | frozenset(Signal)
COMPARATORS = {c.value: c for c in Comparator}


def known_words() -> frozenset[str]:
    """All words of the language."""
    return KEYWORDS | WORDS | frozenset(NAMES) | frozenset(REGISTRY)


def stands_bare(word: str) -> bool:
    """Whether it is an indicator without parameters: `obv` means `obv()`."""
    indicator = REGISTRY.get(word)
    return indicator is not None and not indicator.parameters


def has_output(word: str, output: str) -> bool:
    return word in REGISTRY and any(known.name == output for known in REGISTRY[word].outputs)

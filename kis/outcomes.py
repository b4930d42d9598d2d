"""Which answer codes prove what: the whitelist of refusals and the families around it. Data, nothing else.

Every entry names its section of the protocol sheet, its evidence by the sheet's tags and the year of it (safety
rules 1.3), so that a notice of KIS is a change of one line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a code says, for an order or a question alike."""

    THROTTLED = "throttled"  # refused for rate: the request was not looked at
    TOKEN = "token"  # refused for its token: nothing else was looked at  # noqa: S105
    LEDGER = "ledger"  # the ledger's own no
    NOT_A_REFUSAL = "not_a_refusal"  # never proves that an order was not taken, whatever family it seems of
    TOKEN_TOO_OFTEN = "token_too_often"  # noqa: S105
    CREDENTIAL = "credential"  # key, secret, account or permission is wrong: asking again changes nothing
    NOT_IN_PAPER = "not_in_paper"
    TEMPORARY = "temporary"  # a question may be asked again after a pause; an order is unknown


@dataclass(frozen=True, slots=True)
class Entry:
    """`codes`: apart by blanks; "#" stands for one digit, so that a word may be a family. `year` of the evidence."""

    kind: Kind
    codes: str
    section: str
    evidence: str
    year: int


ENTRIES: tuple[Entry, ...] = (
    # --- proved refusals: the whitelist of safety rules 1.3, exactly ---------------------------------------------
    Entry(Kind.THROTTLED, "EGW00201", "3.5, 8.1, E", "N F", 2026),
    Entry(Kind.THROTTLED, "EGW00215", "3.5, 8.1", "W F", 2026),
    Entry(Kind.TOKEN, "EGW00121 EGW00122 EGW00123", "8.1, 8.4", "E F", 2026),
    Entry(Kind.LEDGER, "APBK####", "8.3, E", "F", 2026),
    Entry(Kind.LEDGER, "APAC####", "8.3", "F", 2026),
    Entry(Kind.LEDGER, "40######", "8.3, 4.2", "F", 2026),
    # --- named by the same rule as no proof, should a family ever reach them --------------------------------------
    Entry(Kind.NOT_A_REFUSAL, "90020000 IGW00007 IGW00009", "8.3", "F I", 2026),
    # Words of success: with an rt_cd that says no, the answer contradicts itself and proves nothing.
    Entry(Kind.NOT_A_REFUSAL, "APBK0013 APBK1711 40590000 40600000 40620000 40630000", "3.6", "W F", 2026),
    # --- all that follows speaks about questions only; the outcome of an order answered so is unknown ---------------
    Entry(Kind.TOKEN_TOO_OFTEN, "EGW00133", "2.1, 8.1", "I", 2023),
    Entry(Kind.CREDENTIAL, "EGW00003 EGW00004 EGW00206", "8.1", "E", 2026),
    Entry(Kind.CREDENTIAL, "EGW00102 EGW00103 EGW00104 EGW00105", "2.1, 8.1", "E F", 2026),
    # also seen for real functions on paper (1.3); every function that we ask of paper exists there
    Entry(Kind.CREDENTIAL, "EGW00205", "1.3, 8.1", "E", 2026),
    Entry(Kind.CREDENTIAL, "EGW00207 EGW00210 EGW00303", "8.1", "E", 2026),
    Entry(Kind.CREDENTIAL, "EGW00304", "3.7, 8.1", "E F", 2026),
    Entry(Kind.CREDENTIAL, "OPSQ2000", "1.2, 8.2", "F", 2026),
    Entry(Kind.CREDENTIAL, "IGW00002 40910000", "8.3", "F", 2026),
    # which of them depends on the function; on real they are plain failures
    Entry(Kind.NOT_IN_PAPER, "EGW02006 EGW00213 EGW00310 OPSQ0002 90000000", "1.3", "E I F", 2026),
    Entry(Kind.TEMPORARY, "EGW00001 EGW00002 EGW00202 EGW00203 EGW00204", "8.1, 8.4", "E", 2026),
    Entry(Kind.TEMPORARY, "EGW00300 EGW00301 EGW00302", "8.1, 8.4", "E", 2026),
    Entry(Kind.TEMPORARY, "OPSQ0001 OPSQ0003 OPSQ0004 OPSQ0005 OPSQ0006 OPSQ0007", "8.2", "E", 2026),
    Entry(Kind.TEMPORARY, "OPSQ0008 OPSQ0009 OPSQ0010 OPSQ0011 OPSQ1002", "8.2", "E", 2026),
    Entry(Kind.TEMPORARY, "OPSQ2003 OPSQ3001 OPSQ3002 OPSQ3004", "8.2", "E", 2026),
    Entry(Kind.TEMPORARY, "90020000", "8.3, 8.4", "F", 2026),
)


def _codes(kind: Kind) -> Iterator[str]:
    for entry in ENTRIES:
        if entry.kind is kind:
            yield from entry.codes.split()


THROTTLED = frozenset(_codes(Kind.THROTTLED))
TOKEN_REFUSED = frozenset(_codes(Kind.TOKEN))
TOKEN_TOO_OFTEN = next(_codes(Kind.TOKEN_TOO_OFTEN))
NEVER_A_REFUSAL = frozenset(_codes(Kind.NOT_A_REFUSAL))
NOT_IN_PAPER = frozenset(_codes(Kind.NOT_IN_PAPER))
CREDENTIAL_PROBLEMS = frozenset(_codes(Kind.CREDENTIAL))
TEMPORARY = frozenset(_codes(Kind.TEMPORARY))

# Families of the ledger. An order or a cancel answered so, with HTTP 200 and rt_cd other than 0, surely does not exist.
LEDGER_REFUSAL = re.compile("|".join(word.replace("#", r"\d") for word in _codes(Kind.LEDGER)), re.ASCII)

# Statuses under which the gateway's refusals for rate and token were recorded (3.7, Appendix E; 2026)
GATEWAY_STATUSES = frozenset({200, 500})
# 2.1: a token is issued once a minute and key (since 2023-10-27)
TOKEN_WAIT_S = 60.0
# Refused for rate, whatever the body says (safety rules 1.3)
RATE_STATUS = 429

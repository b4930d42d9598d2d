"""Which answer codes prove what: the whitelist of refusals and the families around it. Data, nothing else.

Every entry names its section of the protocol sheet and the year of its evidence (safety rules 1.3).
"""

import re

# 3.5, 8.1: refused for rate, whatever the status; HTTP 429 as well. 2026
THROTTLED = frozenset({"EGW00201", "EGW00215"})
# 8.1, 8.4: token invalid, missing, expired: refused at the gateway. 2026
TOKEN_REFUSED = frozenset({"EGW00121", "EGW00122", "EGW00123"})
TOKEN_TOO_OFTEN = "EGW00133"  # noqa: S105  2.1, HTTP 403
# statuses under which the gateway's codes above were recorded (3.7, Appendix E)
GATEWAY_STATUSES = frozenset({200, 500})

# The ledger's own refusals, HTTP 200 and rt_cd other than 0 (safety rules 1.3; Appendix E; 2026). An order
# or cancel answered so surely does not exist. Everything that neither this nor the two sets above name is
# "outcome unknown".
LEDGER_REFUSAL = re.compile(r"(APBK|APAC)\d{4}|40\d{6}", re.ASCII)
NEVER_A_REFUSAL = frozenset({"90020000", "IGW00007", "IGW00009"})

# 1.3: "not available in paper", which of them depends on the TR. EGW00203 and EGW00205 are seen there too, but
# also mean a routing fault and a bad header, and every function that we ask of paper exists there.
NOT_IN_PAPER = frozenset({"EGW02006", "EGW00213", "EGW00310", "OPSQ0002", "90000000"})
# 8.1, 8.2, 8.3: the key, the secret or the account is wrong; asking again changes nothing
CREDENTIAL_PROBLEMS = frozenset(
    {"EGW00003", "EGW00004", "EGW00102", "EGW00103", "EGW00104", "EGW00105", "EGW00205", "EGW00206"}
    | {"EGW00304", "OPSQ2000", "IGW00002", "40910000"}
)
# 8.1, 8.2, 8.3: a read may be asked again after a pause
TEMPORARY = frozenset(
    {"EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00204", "EGW00300", "EGW00301", "EGW00302"}
    | {"OPSQ0001", "OPSQ1002", "OPSQ2003", "OPSQ3001", "OPSQ3002", "OPSQ3004", "90020000"}
    | {f"OPSQ{n:04}" for n in range(3, 12)}
)

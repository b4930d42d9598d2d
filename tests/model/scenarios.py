"""The worlds that are explored: small ones in every run, the whole ones with --all."""

from tests.model.worlds import Scenario

BUYS = Scenario("buys", "three decisions to buy, a limit of two shares, one day", decisions=3)
TWO_PRICES = Scenario("two prices", "two decisions at two prices, a limit of one share", limit=1, prices=(10, 11))
ONE = Scenario("one share, two days", "two decisions, a limit of one share, two days", limit=1, days=2)
TWO_DAYS = Scenario("two days", "two decisions, two days, numbers used again", days=2)
RULE = Scenario("a rule", "a rule's own guards: it buys while it holds nothing, and sells what it bought",
                decisions=3, sides=("buy", "sell"), has_rule=True)  # fmt: skip
SELLS = Scenario("sells", "three decisions to sell two shares", limit=2, start=2, decisions=3, sides=("sell",))
ROUND = Scenario("round trip", "buys and sells of two shares, notices repeated", asks=2, sides=("buy", "sell"),
                 notices=True, successor=False)  # fmt: skip
PHONE = Scenario("phone", "an identical order by phone", phone=1)
AMENDED = Scenario("amended", "an order amended by phone", decisions=1, amends=1)
CANCELS = Scenario("cancels", "a cancel, and an identical order after it", limit=1, cancels=1)
SLOW = Scenario("slow cancels", "fills between a cancel and its effect", asks=2, cancels=1, successor=False,
                slow_cancels=True)  # fmt: skip
BLANK = Scenario("blank cancels", "rows of cancels that name no quantity", asks=2, cancels=1, successor=False,
                 blank_cancels=True)  # fmt: skip
HOLDS = Scenario("held", "a process paused before it writes a booking", decisions=1, asks=2, holds=True)
REJECTS = Scenario("rejects", "the ledger or the venue refuses", rejects=1)

SMALL = (BUYS, TWO_PRICES, ONE, TWO_DAYS, RULE, SELLS, ROUND, AMENDED, CANCELS, SLOW, BLANK, HOLDS, REJECTS)

WHOLE = (
    PHONE,
    Scenario("three decisions, two days", "the whole of buying", decisions=3, days=2),
    Scenario("cancelled twice", "two cancels, two days, a limit of one share", limit=1, cancels=2, days=2),
    Scenario("cancelled late", "slow cancels of two shares over two days", asks=2, cancels=1, days=2, successor=False,
             slow_cancels=True),
    Scenario("amended and cancelled", "by phone and by us, with notices", decisions=1, asks=2, amends=1, cancels=1,
             notices=True),
    Scenario("amended beside another", "two orders, one amended by phone", amends=1),
    Scenario("round trip, rejected", "a rule buys and sells, and is refused once", decisions=3, sides=("buy", "sell"),
             has_rule=True, rejects=1, days=2),
    Scenario("another program", "an identical order through the API: it may take an order's place, never unseen",
             program=1),
)  # fmt: skip

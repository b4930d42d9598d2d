"""One run: a simulator, accounts, several trading days, and then the judge."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections
from redis import Redis
from redis.exceptions import RedisError

from bots.chaos import books, clock, house, life
from bots.chaos.house import Tenant
from bots.chaos.judge import API_CHANNEL, Counts, Number, Verdict, judge
from bots.chaos.lives import Nest
from bots.chaos.plan import DayPlan, Kind, RunPlan, Strike, death
from bots.chaos.servers import Servers
from bots.models import BotLease
from credentials.models import ApiCredential
from kis.simulator import testing
from kis.simulator.testing import ControlError, Simulated
from orders.domain import FINAL
from orders.models import Order

LIST_SETTLES = timedelta(minutes=16)
SETTLE_LOOKS = 3
DEAD_TOKEN = timedelta(hours=7)  # a dead token is issued again for six hours: then everything waits for the morning
FREED = (
    "UPDATE bots_botlease SET expires_at = clock_timestamp() - interval '1 second' WHERE holder LIKE %s",
    "UPDATE bots_feedlease SET expires_at = clock_timestamp() - interval '1 second' WHERE holder LIKE %s",
)


@dataclass(slots=True)
class Outcome:
    """What a run came to. `processes`: those that held a lease; `traded`: those of them whose order came in."""

    number: int
    counts: Counts = field(default_factory=Counts)
    processes: int = 0
    traded: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Run:
    """The parts of one run that belong together."""

    def __init__(self, plan: RunPlan, servers: Servers, folder: Path, plant: life.Plant | None = None) -> None:
        self.plan, self.servers, self.folder, self.plant = plan, servers, folder, plant
        self.outcome = Outcome(plan.number)
        self.keep = False
        self._settlings = 0  # leases that the healthy bots of the end took
        self._seed = plan.seed * 100_003 + plan.number
        self.log = folder / "bots.log"
        self.foreign: dict[str, set[Number]] = {}
        self.tenants: list[Tenant] = []

    def live(self) -> Outcome:
        """From the empty house to the verdict."""
        started = time.monotonic()
        house.empty()
        with self._simulator() as kis:
            self.control = kis.control
            clock.set_to(kis.control.now())
            self.tenants = house.move_in(self.plan, kis)
            for number, day in enumerate(self.plan.days):
                self._day(number, day)
            self._settle()
            self._judge()
        self.outcome.seconds = time.monotonic() - started
        return self.outcome

    @contextmanager
    def _simulator(self) -> Iterator[Simulated]:
        plan = self.plan
        start = datetime(plan.start.year, plan.start.month, plan.start.day, 5, tzinfo=UTC)
        with ExitStack() as stack:
            yield stack.enter_context(
                testing.start(
                    scenario={"calendar": plan.calendar, "accounts": house.keys(plan)},
                    switches=plan.switches,
                    seed=self._seed,
                    at=start,
                )
            )

    # --- days ---------------------------------------------------------------------------------------------

    def _day(self, number: int, day: DayPlan) -> None:
        opens, closes, _ = self._session(number)
        rng = self.plan.rng("day", number)
        moment = opens + (closes - opens) * rng.uniform(0.02, 0.9)
        if day.near_close:
            moment = closes - timedelta(seconds=self.plan.day_sec if day.kind is Kind.PROCESSES else 60)
        self._go_to(moment)
        if day.kind is Kind.POINTS:
            self._day_of_points(number, day)
        else:
            nest = Nest(self, number, day)
            nest.live()
        self.control.clear_faults()

    def _session(self, number: int) -> tuple[datetime, datetime, datetime]:
        """Of the run's `number`-th trading day: the regular session's start and end, and the end of the last one."""
        found = []
        for row in self.control.calendar(from_=self.plan.start, to=self.plan.start + timedelta(days=14)):
            ends = [datetime.fromisoformat(s["end"]) for s in row["sessions"]]
            found += [
                (datetime.fromisoformat(s["start"]), datetime.fromisoformat(s["end"]), max(ends))
                for s in row["sessions"]
                if s["session"] == "regular"
            ]
        return found[number]

    def _go_to(self, moment: datetime) -> None:
        """The market's clock, ours with it. Nobody lives meanwhile; what waits by the database's clock has waited."""
        ApiCredential.objects.update(token_quiet_until=None, token_problem=None)
        past = moment <= self.control.now() + timedelta(seconds=1)
        state = self.control.advance(0.05) if past else self.control.set_time(moment)
        clock.set_to(datetime.fromisoformat(state["now"]))

    def _day_of_points(self, number: int, day: DayPlan) -> None:
        """Life after life of each account, each dying where it is told, until the day is over."""
        rng = self.plan.rng("points", number)
        market = life.Market(self.control, self._seed)
        strikes = list(day.strikes)
        lives = self.plan.lives
        for n in range(lives):
            while strikes and strikes[0].at <= (n + 1) / lives * self.plan.day_sec:
                self.strike(strikes.pop(0), rng)
            tenant = self.tenants[n % len(self.tenants)]
            end = death(rng)
            pid = life.fork(
                partial(life.short, tenant.id, end, market, self.plan.rng("life", number, n)), self.log, self.plant
            )
            _, status = os.waitpid(pid, 0)
            self.ended(tenant, pid, end.name, status)
            if os.WIFEXITED(status) and os.WEXITSTATUS(status):
                self.outcome.findings.append(f"a life broke: see {self.log}")

    def ended(self, tenant: Tenant, pid: int, end: str, status: int, *, free: bool = True) -> None:
        """A process of this account is certainly gone. `free`: so is its lease, without waiting for it to run out."""
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        self.outcome.ends[end if died else "came through"] += 1
        if died and free:
            with suppress(DatabaseError), connection.cursor() as cursor:
                for lease in FREED:
                    cursor.execute(lease, [f"%:{pid}"])
            with suppress(RedisError):  # the turn of a request that died with its process is held for seconds
                Redis.from_url(settings.REDIS_URL).flushall()

    def lease_is_free(self, tenant: Tenant) -> bool:
        """Whether a bot that is started now gets to work. Unknown while the database is away: try."""
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(
                "SELECT expires_at > clock_timestamp() FROM bots_botlease WHERE account_id = %s", [tenant.id]
            )
            row = cursor.fetchone()
            return row is None or not row[0]
        connections.close_all()
        return True

    def orders_so_far(self) -> int:
        """Orders of ours in the simulator's book."""
        return sum(
            row["kind"] == "new" and row["channel"].casefold() == API_CHANNEL for row in self.control.orders()
        ) - sum(map(len, self.foreign.values()))

    # --- what comes from outside ----------------------------------------------------------------------------

    def strike(self, strike: Strike, rng: Any) -> None:
        match strike.what:
            case "fault":
                self.control.fault(**strike.row)
            case "database":
                connections.close_all()
                self.servers.database.restart(rng.choice((signal.SIGQUIT, signal.SIGINT)), rng.uniform(0, 1))
            case "redis":
                self.servers.redis.restart(signal.SIGKILL, rng.uniform(0, 1))
            case "phone" | "program":
                self._foreign_order(strike.what, rng)
        self.outcome.struck[strike.row.get("name", strike.what)] += 1

    def _foreign_order(self, who: str, rng: Any) -> None:
        tenant = rng.choice(self.tenants)
        symbol = rng.choice([rule.symbol for account in self.plan.accounts for rule in account.rules])
        price = float(self.control.state()["prices"][symbol])
        side = rng.choice(("buy", "buy", "sell"))
        more = {"channel": "OpenAPI"} if who == "program" else {}
        worse = 1.01 if side == "buy" else 0.99
        try:
            row = self.control.phone_order(
                tenant.account_no, symbol, side, rng.randint(1, 5), round(price * worse, 2), **more
            )
        except ControlError:
            return  # nothing to sell
        number = datetime.fromisoformat(row["date"]).date(), row["order_number"].lstrip("0")
        self.foreign.setdefault(tenant.account_no, set()).add(number)

    # --- the end ----------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """The day ends, its lists become final, and a healthy bot looks at them."""
        last = len(self.plan.days) - 1
        _, _, closes = self._session(last)
        _, _, next_one = self._session(last + 1)  # an order may have been made in the first minutes of the next day
        for moment in (closes + LIST_SETTLES, closes + DEAD_TOKEN, next_one + LIST_SETTLES):
            self._go_to(moment)
            settled = [self._settled(tenant) for tenant in self.tenants]
            if all(settled) and not Order.objects.exclude(status__in=[s.value for s in FINAL]).exists():
                return
        if not all(settled):
            self.outcome.findings.append(f"a healthy bot could not settle: see {self.log}")

    def _settled(self, tenant: Tenant) -> bool:
        self._free(tenant)
        self._settlings += 1
        _, status = os.waitpid(life.fork(partial(life.settle, tenant.id, SETTLE_LOOKS), self.log), 0)
        return status == 0

    def _free(self, tenant: Tenant) -> None:
        BotLease.objects.filter(pk=tenant.id).update(holder="", expires_at=None)

    def _judge(self) -> None:
        for tenant in self.tenants:
            verdict: Verdict = judge(books.read(tenant, self.control, self.foreign.get(tenant.account_no, ())))
            self.outcome.counts.add(verdict.counts)
            self.outcome.findings += verdict.findings
        self.outcome.processes = sum(BotLease.objects.values_list("token", flat=True)) - self._settlings
        sent = Order.objects.exclude(placed_at=None).exclude(lease_token=None)
        self.outcome.traded = sent.exclude(broker_order_id="").values("account_id", "lease_token").distinct().count()
        if not self.outcome.counts.orders:
            self.outcome.findings.append("no order came to the simulator: nothing was tried")
        if self.outcome.findings or self.keep:
            for tenant in self.tenants:
                books.keep(tenant, self.control, self.folder)

"""The rules of the rate budget, told twice: `pacing.py` for one process, `pacing.lua` for all. Both keep each claim."""

import asyncio
import itertools
import os
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import redis
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from kis import pacing
from kis.pacing import QUEUES, Limits, Pacing, queue_of
from kis.throttle import SCRIPT, LocalBudget, RedisBudget, _keys, _rules
from market.words import Lane

REAL, PAPER, NEW_KEY, FAST = Limits(18), Limits(1), Limits(3), Limits(108, speed=6)
START = 1_789_000_000_000.0  # any moment, in milliseconds
SCANS = queue_of(Lane.SCAN, ledger=False)
LISTS = queue_of(Lane.TRACKING, ledger=True)
EXITS = queue_of(Lane.EXIT, ledger=True)


def waiting(*queues: int) -> list[int]:
    return [queues.count(queue) for queue in range(len(QUEUES))]


class InPython:
    def __init__(self, limits):
        self.pacing = Pacing(limits)

    def ask(self, now, counts, process="one"):
        found = self.pacing.ask(now, counts)
        return found if isinstance(found, float) else (found.queue, found.number)

    def done(self, now, number, refused=""):
        self.pacing.done(now, number, refused)


class InRedis:
    def __init__(self, limits):
        self.redis = redis.Redis.from_url(os.environ["REDIS_URL"])
        self.keys, self.rules = _keys(f"test:{uuid4().hex}", "key", ""), _rules(limits)
        self.script = self.redis.register_script(SCRIPT)

    def ask(self, now, counts, process="one"):
        args = ["ask", f"{now:.3f}", self.rules, process, *counts]
        queue, number, wait = self.script(keys=self.keys, args=args)
        return float(wait) if int(queue) < 0 else (int(queue), int(number))

    def done(self, now, number, refused=""):
        self.script(keys=self.keys, args=["done", f"{now:.3f}", self.rules, number, refused])


both = pytest.mark.parametrize("kind", [InPython, InRedis])


def served(budget, counts, *, seconds, now=START, answer_ms=5.0):
    """(when, queue) of every slot while those keep waiting, each answered soon after."""
    found, until = [], now + seconds * 1000
    while now < until:
        answer = budget.ask(now, counts)
        if isinstance(answer, float):
            now += answer
            continue
        queue, number = answer
        found.append((now, queue))
        budget.done(now + answer_ms, number)
    return found


@both
@pytest.mark.parametrize(("limits", "per_second"), [(REAL, 17.1), (NEW_KEY, 2.85), (FAST, 102.6), (PAPER, 0.95)])
def test_slots_open_evenly_at_95_percent_of_what_is_allowed(kind, limits, per_second):
    seconds = 20 if limits is PAPER else 5
    slots = [when for when, _ in served(kind(limits), waiting(SCANS), seconds=seconds)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(slots)]
    assert min(gaps) >= 1000 / per_second - 1.1  # nobody is told to come back in less than a millisecond
    assert len(slots) == pytest.approx(per_second * seconds, abs=1.5)


@pytest.mark.parametrize("limits", [REAL, PAPER])
def test_a_clock_that_goes_back_holds_nobody_up(limits):
    """Another Redis took over, or its host's clock was put right: an hour without a cancel would be the price."""
    budget = InRedis(limits)
    for _ in range(3):
        served(budget, waiting(SCANS), seconds=3)
        budget.ask(START + 3000, waiting(EXITS), process="one that is gone")
    back = START - 3_600_000
    slots = [when for when, _ in served(budget, waiting(LISTS), seconds=10, now=back)]
    assert slots[0] - back <= 7000
    assert len(slots) >= 2


@both
def test_waking_up_late_costs_no_slot_and_makes_no_burst(kind):
    budget, now, slots = kind(REAL), START, []
    while len(slots) < 40:
        answer = budget.ask(now, waiting(SCANS))
        if isinstance(answer, float):
            now += answer + (20 if len(slots) % 2 else 0)
        else:
            slots.append(now)
            budget.done(now, answer[1])
    assert slots[-1] - slots[0] <= 39 * 1000 / 17.1 + 25
    assert min(b - a for a, b in itertools.pairwise(slots)) >= 1000 / 17.1 - 25


@both
@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([REAL, NEW_KEY, FAST, PAPER]),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 1), st.floats(0, 30)), min_size=30, max_size=90),
)
def test_no_server_second_sees_one_too_many_however_late_requests_arrive(kind, limits, story):
    """Each request is counted at any time between its slot and its answer; each waiter may wake up late."""
    budget, now, counted, open_requests = kind(limits), START, [], []
    for answered_after, counted_at, woken_late in story:
        answer = budget.ask(now, waiting(SCANS))
        if isinstance(answer, float):
            now += answer + woken_late
        else:
            counted.append(now + answered_after * counted_at)
            open_requests.append((now + answered_after, answer[1]))
        for at, number in [request for request in open_requests if request[0] <= now]:
            budget.done(now, number)
            open_requests.remove((at, number))
    counted.sort()
    room = limits.room(1)
    for first, last in zip(counted, counted[room:], strict=False):
        assert last - first > limits.window_ms - 0.01


@both
def test_a_request_without_an_answer_is_held_for_three_seconds(kind):
    budget = kind(PAPER)
    budget.ask(START, waiting(SCANS))
    assert isinstance(budget.ask(START + 2900, waiting(SCANS)), float)
    assert budget.ask(START + 3001, waiting(SCANS))[0] == SCANS


@both
def test_the_most_urgent_lane_goes_first(kind):
    budget, now, order = kind(REAL), START, []
    wanting = [SCANS, LISTS, queue_of(Lane.ENTRY, ledger=True), EXITS]
    while wanting:
        now += 60
        queue, number = budget.ask(now, waiting(*wanting))
        budget.done(now, number)
        wanting.remove(queue)
        order.append(QUEUES[queue][0])
    assert order == [Lane.EXIT, Lane.ENTRY, Lane.TRACKING, Lane.SCAN]


@both
def test_every_queue_has_a_guaranteed_share(kind):
    everybody = range(len(QUEUES))
    order = [queue for _, queue in served(kind(REAL), waiting(*everybody), seconds=8)]
    assert order.count(0) >= len(order) / 4
    for queue in everybody:
        turns = [n for n, chosen in enumerate(order) if chosen == queue]
        assert max(b - a for a, b in itertools.pairwise([0, *turns])) <= pacing.PATIENCE + len(QUEUES)


def rate_of(budget, now, seconds=4):
    """Slots per second; nothing is refused meanwhile."""
    return len(served(budget, waiting(SCANS), seconds=seconds, now=now)) / seconds


def refuse(budget, now, code="EGW00201"):
    """A slot, taken as soon as there is one, and refused."""
    while isinstance(answer := budget.ask(now, waiting(SCANS)), float):
        now += answer
    budget.done(now, answer[1], code)
    return now


@both
@pytest.mark.parametrize("code", ["EGW00201", "429"])
def test_a_refusal_for_rate_slows_everybody_down(kind, code):
    budget = kind(REAL)
    at = refuse(budget, START, code)
    assert rate_of(budget, at + 1000) == pytest.approx(17.1 * 0.71, rel=0.04)


@both
def test_refusals_within_a_second_are_one_lesson(kind):
    budget, at = kind(REAL), START
    for _ in range(6):
        at = refuse(budget, at)
    assert at < START + 1000
    assert rate_of(budget, at + 1000) == pytest.approx(17.1 * 0.71, rel=0.04)


@both
def test_the_rate_recovers_slowly_and_wholly(kind):
    budget = kind(REAL)
    at = refuse(budget, START)
    assert rate_of(budget, at + 45_000) == pytest.approx(17.1 * 0.85, rel=0.05)
    assert rate_of(budget, at + 100_000) == pytest.approx(17.1, rel=0.03)


@both
def test_a_new_key_is_learned_within_ten_seconds_and_never_given_less_than_its_three(kind):
    """Nobody tells us when KIS issued a key (3.5: three a second in its first three days): its refusals do."""
    budget, now, refusals, slots = kind(REAL), START, [], []
    while now < START + 30_000:
        answer = budget.ask(now, waiting(SCANS))
        if isinstance(answer, float):
            now += answer
            continue
        second = int(now // 1000)
        slots.append(second)
        allowed = slots.count(second) <= 3
        refusals += [] if allowed else [now]
        budget.done(now + 5, answer[1], "" if allowed else "EGW00201")
    assert len([at for at in refusals if at > START + 10_000]) <= 12
    assert rate_of(budget, now) >= 2.7


@both
def test_the_ledgers_own_limit_pauses_functions_of_the_account_alone(kind):
    budget = kind(REAL)
    at = refuse(budget, START, "EGW00215")
    slots = served(budget, waiting(EXITS, LISTS, SCANS), seconds=2, now=at + 60)
    paused = [queue for when, queue in slots if when < at + 1000]
    assert set(paused) == {SCANS}
    assert len(paused) >= 14
    assert EXITS in [queue for when, queue in slots if when >= at + 1000]
    assert rate_of(budget, at + 10_000) == pytest.approx(17.1, rel=0.03)  # our own rate was not at fault


class TestProcesses:
    """What only several processes can see."""

    def test_an_exit_of_another_process_goes_first(self):
        budget = InRedis(REAL)
        taken = budget.ask(START, waiting(SCANS), "warm")
        budget.done(START, taken[1])
        assert isinstance(budget.ask(START + 1, waiting(SCANS), "scanner"), float)
        assert isinstance(budget.ask(START + 2, waiting(EXITS), "seller"), float)
        assert isinstance(budget.ask(START + 59, waiting(SCANS), "scanner"), float)
        assert budget.ask(START + 60, waiting(EXITS), "seller")[0] == EXITS

    def test_a_process_that_died_waiting_is_forgotten(self):
        budget = InRedis(REAL)
        budget.done(START, budget.ask(START, waiting(SCANS), "scanner")[1])
        budget.ask(START + 1, waiting(EXITS), "seller")
        assert isinstance(budget.ask(START + 59, waiting(SCANS), "scanner"), float)
        assert budget.ask(START + 59 + 100, waiting(SCANS), "scanner")[0] == SCANS

    def test_one_who_gave_up_says_so(self):
        budget = InRedis(REAL)
        budget.done(START, budget.ask(START, waiting(SCANS), "scanner")[1])
        budget.ask(START + 1, waiting(EXITS), "seller")
        budget.ask(START + 2, waiting(), "seller")
        assert budget.ask(START + 59, waiting(SCANS), "scanner")[0] == SCANS

    def test_the_ledgers_pause_holds_for_every_key_of_the_environment(self):
        one, other = InRedis(REAL), InRedis(REAL)
        one.keys[2] = other.keys[2] = f"test:{uuid4().hex}"
        at = refuse(one, START, "EGW00215")
        assert isinstance(other.ask(at + 100, waiting(LISTS)), float)
        assert other.ask(at + 100, waiting(SCANS))[0] == SCANS

    def test_what_is_kept_is_bounded_and_forgotten(self):
        budget = InRedis(REAL)
        now = served(budget, waiting(SCANS, EXITS), seconds=70)[-1][0]
        refuse(budget, now, "EGW00215")
        assert all(0 < budget.redis.pttl(key) <= 86_400_000 for key in budget.keys)
        assert budget.redis.hlen(budget.keys[3]) <= 61
        assert budget.redis.zcard(budget.keys[1]) <= 18
        assert budget.redis.hlen(budget.keys[0]) <= 5 + len(QUEUES) + 1


@pytest.fixture
async def server():
    connection = redis.asyncio.from_url(os.environ["REDIS_URL"])
    yield connection
    await connection.aclose()


class TestUsage:
    async def test_a_budget_in_use_can_be_read_by_anybody_who_shares_it(self, server):
        key = uuid4().hex
        one, reader = (RedisBudget(server, key, 18, prefix="test") for _ in range(2))
        begun = datetime.now(UTC)
        for refused in ("", "", "EGW00201"):
            (await one.take(Lane.EXIT, ledger=True)).done(refused)
        (await one.take(Lane.SCAN)).done("EGW00215")
        await one.settle()
        used = await reader.usage()
        assert (used.allowed, used.throttled_code) == (18, "EGW00215")
        assert used.learned == pytest.approx(18 * 0.7, rel=0.01)
        assert begun <= used.throttled_at <= datetime.now(UTC)
        assert used.ledger_paused_until > used.throttled_at
        assert used.under_way == 4
        assert sum(used.waiting.values()) == 0

    async def test_the_last_minute_is_counted_by_lane(self, server, eventually):
        budget = RedisBudget(server, uuid4().hex, 500, prefix="test")
        for lane in (Lane.EXIT, Lane.SCAN, Lane.SCAN):
            (await budget.take(lane)).done()

        async def counted():
            used = await budget.usage()
            return used.last_minute[Lane.SCAN] == 2 and used

        used = await eventually(counted, 3)
        assert used.last_minute == {Lane.EXIT: 1, Lane.ENTRY: 0, Lane.TRACKING: 0, Lane.SCAN: 2}

    async def test_those_who_wait_are_counted_over_all_processes(self, server, eventually):
        key = uuid4().hex
        one, other = (RedisBudget(server, key, 1, prefix="test") for _ in range(2))
        slot = await one.take(Lane.EXIT)
        tasks = [asyncio.create_task(budget.take(Lane.ENTRY)) for budget in (one, other, other)]

        async def seen():
            return (await one.usage()).waiting[Lane.ENTRY] == 3

        assert await eventually(seen, 2)
        for task in tasks:
            task.cancel()
        slot.done()

        async def gone():
            return (await one.usage()).waiting[Lane.ENTRY] == 0

        assert await eventually(gone, 3)

    async def test_a_budget_of_one_process_can_be_read_too(self):
        budget = LocalBudget(100)
        (await budget.take(Lane.ENTRY)).done("EGW00201")
        used = await budget.usage()
        assert (used.allowed, used.learned, used.under_way) == (100, 70, 1)
        assert abs((used.throttled_at - datetime.now(UTC)).total_seconds()) < 5

    async def test_a_budget_nobody_used_is_empty(self, server):
        used = await RedisBudget(server, uuid4().hex, 18, prefix="test").usage()
        assert (used.learned, used.under_way, used.throttled_at, used.throttled_code) == (18, 0, None, "")
        assert sum(used.last_minute.values()) == 0

"""Tasks of one query each through a real worker of the house, a second on one core: `./run bench tasks`.

    ./run bench tasks                  6,000 tasks
    ./run bench tasks --tasks 1000     fewer

The baseline beside it is the same worker as Celery comes, which connects to the database anew for every task. The
processor time of the worker, parent and child, is what a core can do; the database's own is not in it. `wall` is what
this machine did while it was shared.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from bench.house import house

ROOT = Path(__file__).resolve().parents[1]
TARGET = 800
WITHIN_SEC = 300
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def child_of(pid: int) -> int:
    """The one pool process of a worker."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[0])


@contextmanager
def worker(queue: str, env: dict[str, str]) -> Iterator[int]:
    """A worker with one process in its pool; its pid."""
    command = [sys.executable, "-m", "celery", "-A", "bench.one_query:app", "worker", "-Q", queue, "-n", f"{queue}@%h",
               "-P", "prefork", "-c", "1", "-l", "WARNING", "--without-gossip", "--without-mingle"]  # fmt: skip
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def measure(tasks: int, **env: str) -> dict[str, float]:
    """Send them all, wait until the last is done; without the worker's start."""
    from django.conf import settings
    from django.db import connection
    from redis import Redis

    database = connection.settings_dict
    url = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    queue, redis = f"bench-{uuid4().hex[:8]}", Redis.from_url(settings.REDIS_URL)
    with worker(queue, {**os.environ, "SUPABASE_DB_URL": url, **env}) as pid:
        _through(redis, queue, 50)  # start, imports, the first connection
        child = child_of(pid)
        spent, began = cpu_seconds(pid) + cpu_seconds(child), time.monotonic()
        _through(redis, queue, tasks)
        wall, spent = time.monotonic() - began, cpu_seconds(pid) + cpu_seconds(child) - spent
    return {"per_core_second": round(tasks / spent), "per_second_wall": round(tasks / wall)}


def _through(redis: Any, queue: str, count: int) -> None:
    """So many tasks, sent and done."""
    from bench.one_query import finish, look

    key = f"{queue}:{uuid4().hex}"
    with look.app.producer_pool.acquire(block=True) as producer:
        for _ in range(count):
            look.apply_async(queue=queue, producer=producer)
        finish.apply_async(args=[key], queue=queue, producer=producer)
    end = time.monotonic() + WITHIN_SEC
    while not redis.get(key):
        if time.monotonic() > end:
            raise TimeoutError(f"{count} tasks were not done within {WITHIN_SEC} s")
        time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench tasks")
    parser.add_argument("--tasks", type=int, default=6000)
    options = parser.parse_args()
    if options.tasks < 100:
        parser.error("--tasks must be at least 100")
    with house():
        as_it_comes = measure(options.tasks // 4, BENCH_DB_REUSE_MAX="0")
        ours = measure(options.tasks)
    ratio = round(ours["per_core_second"] / as_it_comes["per_core_second"], 1)
    found = {"bench": "tasks", "tasks": options.tasks, "ours": ours, "as_it_comes": as_it_comes, "ratio": ratio}
    ok = ours["per_core_second"] >= TARGET
    print(json.dumps({**found, "target": TARGET, "processors": os.cpu_count(), "ok": ok}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

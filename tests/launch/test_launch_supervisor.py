"""The supervisor with stand-in children: what falls is restarted, what stops leaves nothing behind."""

import json
import signal
import sys

import pytest
from launch_box import alive, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

FORKER = """
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"orphan %d\\n" % os.getpid())  # whole lines: two processes write to one pipe
    time.sleep(600)
os.write(1, b"ready\\n")
time.sleep(600)
"""

ORPHAN_OF = """
def orphan(process):
    while True:
        for line in list(process.lines):
            if line.startswith("orphan"):
                return int(line.split()[1])
        time.sleep(0.01)
"""


def test_a_child_that_falls_is_restarted_and_the_terminal_says_why(box):
    run = box("""
falling = child("falling", "print('the last words', flush=True); time.sleep(0.1); sys.exit(7)")
sup.start(falling)
first = falling.process.pid
sup.watch(lambda: falling.process.pid != first)
say(first=first, second=falling.process.pid)
sup.stop()
""")
    found = run.said()
    said = run.end()
    assert found["first"] != found["second"]
    assert "falling ended with exit code 7" in said
    assert "종료 코드 7" in said
    assert "| the last words" in said


def test_a_child_that_keeps_falling_waits_longer_each_time(box):
    run = box("""
falling = child("falling", "sys.exit(1)")
sup.start(falling)
sup.watch(lambda: falling.failures == 3)
say(wait=falling.again_at - time.monotonic())
sup.stop()
""")
    assert 1 < run.said()["wait"] <= 2


def test_the_orphans_of_a_fallen_child_are_dead_before_it_is_restarted(box):
    run = box(
        ORPHAN_OF
        + f"""
pool = child("pool", {FORKER!r}, printed("ready"))
sup.start(pool)
first, left = pool.process.pid, orphan(pool.process)
os.kill(first, signal.SIGKILL)
sup.watch(lambda: pool.process.pid != first)
say(alive=Path(f"/proc/{{left}}").exists())
sup.stop()
"""
    )
    assert run.said()["alive"] is False  # not even as a zombie: it was collected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_leaves_none_behind(box, number):
    run = box(
        ORPHAN_OF
        + f"""
stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
services = [child("pool", {FORKER!r}, printed("ready")), child("stubborn", stubborn, printed("ready"), grace=0.3)]
sup.start(*services)
say(pids=[*(s.process.pid for s in services), orphan(services[0].process)])
try:
    sup.watch(lambda: False)
except Interrupted:
    sup.stop()
"""
    )
    pids = run.said()["pids"]
    assert all(map(alive, pids))
    run.end(number)
    assert run.process.returncode == 0
    assert not any(map(alive, pids))
    assert not (run.folder / "runtime.json").exists()


def test_services_stop_in_reverse_order(box):
    run = box("""
code = '''
def leave(*a):
    open("order", "a").write(sys.argv[1] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
time.sleep(600)
'''
for name in ("database", "web", "worker"):
    service = child(name, code.replace("sys.argv[1]", repr(name)), printed("ready"))
    sup.start(service)
sup.stop()
say(order=(here / "order").read_text().split())
""")
    assert run.said()["order"] == ["worker", "web", "database"]


def test_children_go_with_a_launcher_that_is_killed(box):
    run = box(
        ORPHAN_OF
        + f"""
pool = child("pool", {FORKER!r}, printed("ready"))
sup.start(pool)
say(pids=[pool.process.pid, orphan(pool.process)])
sup.watch(lambda: False)
"""
    )
    pids = run.said()["pids"]
    run.end(signal.SIGKILL)
    wait_until(lambda: not any(map(alive, pids)))


def test_a_child_that_dies_before_it_is_ready_is_a_problem_with_its_last_words(box):
    run = box("""
try:
    sup.start(child("web", "print('no such table', flush=True); sys.exit(3)", printed("never")))
except Problem as e:
    say(en=e.en, ko=e.ko, detail=e.detail)
sup.stop()
""")
    found = run.said()
    assert found["en"].startswith("web ended with exit code 3")
    assert "종료 코드 3" in found["ko"]
    assert found["detail"] == "no such table"


def test_a_child_that_is_never_ready_is_a_problem(box):
    run = box("""
try:
    sup.start(child("web", "time.sleep(600)", printed("never")), timeout=0.3)
except Problem as e:
    say(en=e.en)
sup.stop()
""")
    assert "web was not ready within" in run.said()["en"]


def test_a_program_that_is_not_there_is_said_by_name(box):
    run = box("""
try:
    run_to_end(Command("tool", ["/no/such/tool"], os.environ, here), here / "log" / "tool.log")
except Problem as e:
    say(en=e.en, detail=e.detail)
""")
    found = run.said()
    assert "exit code 127" in found["en"]
    assert found["detail"] == "/no/such/tool: No such file or directory"


def test_what_a_killed_launcher_left_is_ended_at_the_next_start_but_never_a_stranger(tmp_path, box):
    from infra.launch import runtime

    left = box("""
print(json.dumps({"pid": os.getpid()}), flush=True)
signal.pause()
""")
    pid = left.said()["pid"]
    children = [
        {"name": "web", "pid": pid, "start": runtime.start_time(pid)},
        {"name": "stranger", "pid": 1, "start": "another process had this number"},
    ]
    (tmp_path / "runtime.json").write_text(json.dumps({"pid": 999999, "start": "1", "children": children}))
    assert runtime.read(tmp_path / "runtime.json") is None
    assert runtime.clear_leftovers(tmp_path / "runtime.json", grace=1) == ["web"]
    left.process.wait(10)
    assert alive(1)


def test_keys_and_passwords_that_a_child_prints_for_us_stay_out_of_its_log(box):
    run = box("""
code = "print('hello', flush=True); print('{\\"password\\": \\"hidden\\"}', flush=True)"
command = Command("seed", [sys.executable, "-c", code], os.environ, here, json_is_secret=True)
done = run_to_end(command, here / "seed.log")
say(lines=list(done.lines))
""")
    assert run.said()["lines"] == ["hello", '{"password": "hidden"}']
    run.end()
    assert "hello" in (run.folder / "seed.log").read_text()
    assert "hidden" not in (run.folder / "seed.log").read_text()
    assert (run.folder / "seed.log").stat().st_mode & 0o777 == 0o600


def test_logs_carry_the_time_and_are_moved_aside_when_large(tmp_path, monkeypatch):
    from infra.launch import processes

    monkeypatch.setattr(processes, "LOG_LIMIT", 200)
    log = processes.LogFile(tmp_path / "web.log")
    for number in range(20):
        log.write(f"line {number}\n".encode())
    log.close()
    assert (tmp_path / "web.log.1").exists()
    newest = (tmp_path / "web.log").read_text() or (tmp_path / "web.log.1").read_text()
    assert newest.splitlines()[-1][8:] == " line 19"

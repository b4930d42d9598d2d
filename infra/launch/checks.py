"""`./run lint` and `./run test`."""

import re
import sys
from collections.abc import Sequence

from infra.launch import browser, environment, node_env, oneoff, paths, python_env
from infra.launch.background import Background
from infra.launch.problem import Problem
from infra.launch.processes import Command, adopt_orphans, run_to_end
from infra.launch.progress import Progress
from infra.launch.runtime import Lock

# Tests that share nothing with bots, sockets or the browser: they run beside the others, on the second processor,
# with a database and a Redis database of their own. Nothing in them may publish to Redis, where all databases hear it.
BESIDE = ("backtests", "docs", "fuzz", "kis", "market", "model", "parity", "rules", "sandbox", "sealing", "simulator")
BESIDE_WITHIN_SEC = 3600

NOT_FOR_TESTS = re.compile(r"^(KIS_|SUPABASE_|REDIS_URL$|NEXTAUTH_|DJANGO_|CREDENTIAL_KEYS$)")


def lint(progress: Progress) -> int:
    """Every linter runs, whatever the others say; 1 when one of them found something."""
    adopt_orphans()
    env = node_env.find(environment.for_tools())
    background = Background(lambda: node_env.install(progress, env))
    try:
        python_env.ensure(progress, env, dev=True)
        background.wait()
    finally:
        background.cancel()
    ours = environment.for_python(env) | environment.new_secrets() | no_servers()
    tools = paths.VENV / "bin"
    commands = [
        Command("ruff check", [str(tools / "ruff"), "check", "."], ours, paths.ROOT),
        Command("ruff format", [str(tools / "ruff"), "format", "--check", "."], ours, paths.ROOT),
        Command("mypy", [str(tools / "mypy")], ours, paths.ROOT),
        Command("lint-imports", [str(tools / "lint-imports")], ours, paths.ROOT),
        node_env.npm("typecheck", "run", "typecheck", env=env),
        node_env.npm("frontend lint", "run", "lint", env=env),
    ]
    failed = [command.name for command in commands if not _passes(progress, command)]
    progress.say(f"\n✗ lint: {', '.join(failed)}" if failed else "\n✓ lint")
    return 1 if failed else 0


def no_servers() -> dict[str, str]:
    """Addresses for what must be set and is never called."""
    return {"SUPABASE_DB_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}


def _passes(progress: Progress, command: Command) -> bool:
    try:
        with progress.stage(command.name, command.name, quiet=True):
            run_to_end(command, paths.LOG / "lint.log", last_lines=100)
    except Problem as e:
        progress.say(f"  ✗  {command.name}: {progress.seconds[command.name]:.1f} s")
        progress.say("\n".join(f"    | {line}" for line in e.detail.splitlines()))
        return False
    return True


def test(progress: Progress, arguments: list[str]) -> int:
    """pytest on real servers and with a real browser; without arguments the dashboard's unit tests too."""
    everything = "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    adopt_orphans()
    lock = _own_servers()
    env = node_env.find(environment.for_tools())
    env["CHROMIUM"] = browser.must_have(progress, env)
    background = Background(lambda: node_env.ensure(progress, env))
    try:
        python_env.ensure(progress, env, dev=True)
        background.wait()
    finally:
        background.cancel()
    frontend = 0 if arguments else _frontend_tests(progress, env)
    with oneoff.with_servers(progress, for_tests(env), "test", tests=True) as ready:
        marker = [] if everything or _chooses_marker(arguments) else ["-m", "not long"]
        argv = [python_env.python(), "-m", "pytest", *marker, *arguments]
        if arguments:
            code = oneoff.foreground(argv, ready | paper_keys(env, arguments), paths.ROOT)
        else:
            code = _in_two_lanes(progress, argv, ready)
    lock.free()
    return code or frontend


def _in_two_lanes(progress: Progress, argv: Sequence[str], ready: dict[str, str]) -> int:
    """All tests, those of BESIDE at the same time as the others; what they said is shown when both are done."""
    own = {"REDIS_URL": re.sub(r"/\d+$", "", ready["REDIS_URL"]) + "/1", "TEST_DB_SUFFIX": "_beside"}
    folders = [f"tests/{name}" for name in BESIDE]
    command = Command("tests beside", [*argv, *folders, "-p", "no:cacheprovider"], ready | own, paths.ROOT)
    log = paths.LOG / "tests-beside.log"
    said: list[str] = []

    def run() -> None:
        said.append(run_to_end(command, log, timeout=BESIDE_WITHIN_SEC, last_lines=300).tail(1))

    beside = Background(run)
    try:
        code = oneoff.foreground([*argv, *(f"--ignore={folder}" for folder in folders)], ready, paths.ROOT)
        beside.wait()
    except Problem as e:
        progress.say(f"\n{', '.join(folders)}:\n{e.detail}")
        return 1
    finally:
        beside.cancel()
    progress.say(f"\n{', '.join(folders)}:\n{''.join(said)}")
    return code


def _own_servers() -> Lock:
    """The right to the servers of tests and benchmarks, which one run at a time has."""
    lock = Lock(paths.local("test") / "tests.lock")
    if not lock.take():
        raise Problem(
            "이 폴더에서 테스트나 벤치마크가 이미 실행 중입니다. 끝난 뒤 다시 실행하세요.",
            "Tests or a benchmark already run in this clone: run again when they are done.",
        )
    return lock


def _chooses_marker(arguments: Sequence[str]) -> bool:
    return any(argument == "-m" or argument.startswith("-m=") for argument in arguments)


def _frontend_tests(progress: Progress, env: dict[str, str]) -> int:
    if '"test":' not in (paths.FRONTEND / "package.json").read_text():
        return 0
    return 0 if _passes(progress, node_env.npm("frontend tests", "test", env=env)) else 1


def for_tests(env: dict[str, str]) -> dict[str, str]:
    """An environment in which no test can reach a person's database or broker: theirs are taken out.

    What stands in `.env` is made blank, because Django reads that file too.
    """
    blank = {name: "" for name in environment.read_file(paths.ROOT / ".env") if NOT_FOR_TESTS.match(name)}
    kept = {name: value for name, value in env.items() if not NOT_FOR_TESTS.match(name)}
    return blank | environment.for_python(kept) | environment.new_secrets()


def paper_keys(env: dict[str, str], arguments: Sequence[str]) -> dict[str, str]:
    """A person's paper keys, under names of their own, when the contract suite was asked for by name.

    No other test sees them, and keys that are not said to be paper keys are never handed on.
    """
    given = environment.read_file(paths.ROOT / ".env") | env
    named = any("tests/contract" in argument for argument in arguments)
    if not named or given.get("KIS_USE_SANDBOX", "").strip().lower() not in ("1", "true", "yes", "on", "y", "t"):
        return {}
    names = ("KIS_APP_KEY", "KIS_APP_SECRET", "KIS_ACCOUNT_NO", "KIS_HTS_ID")
    return {f"CONTRACT_{name}": given[name] for name in names if given.get(name)}


def bench(progress: Progress, arguments: list[str]) -> int:
    """Runs one benchmark, or all; one JSON line each on stdout."""
    known = sorted(BENCHMARKS)
    name = arguments[0] if arguments else ""
    if name and name not in known:
        raise Problem(
            f"'{name}' 벤치마크는 없습니다. 있는 것: {', '.join(known)}.",
            f"There is no benchmark '{name}'. There are: {', '.join(known)}.",
        )
    return max(BENCHMARKS[each](progress, each, arguments[1:]) for each in ([name] if name else known))


def _bench_from_outside(_progress: Progress, name: str, arguments: Sequence[str]) -> int:
    """A benchmark that judges a clone as a stranger would: nothing of this one is needed."""
    argv = [sys.executable, "-m", f"bench.{name}", *arguments]
    return oneoff.foreground(argv, environment.for_python(environment.for_tools()), paths.ROOT)


def _bench_with_servers(progress: Progress, name: str, arguments: Sequence[str]) -> int:
    """A benchmark of the house's own parts, with servers of its own, like the tests."""
    adopt_orphans()
    lock = _own_servers()
    env = environment.for_tools()
    python_env.ensure(progress, env, dev=True)
    with oneoff.with_servers(progress, for_tests(env), "bench", tests=True) as ready:
        argv = [python_env.python(), "-m", f"bench.{name}", *arguments]
        code = oneoff.foreground(argv, ready, paths.ROOT)
    lock.free()
    return code


def _bench_alone(progress: Progress, name: str, arguments: Sequence[str]) -> int:
    """A benchmark of pure code: the house's Python and nothing else."""
    env = environment.for_tools()
    python_env.ensure(progress, env, dev=True)
    return oneoff.foreground([python_env.python(), "-m", f"bench.{name}", *arguments], for_tests(env), paths.ROOT)


BENCHMARKS = {
    "backtest": _bench_alone,
    "bots": _bench_with_servers,
    "cage": _bench_alone,
    "kis": _bench_with_servers,
    "order": _bench_with_servers,
    "parity": _bench_alone,
    "rule": _bench_alone,
    "startup": _bench_from_outside,
    "tasks": _bench_with_servers,
    "tick": _bench_alone,
}

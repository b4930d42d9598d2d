"""`./run lint` and `./run test`."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.launch import browser, environment, node_env, oneoff, paths, python_env
from infra.launch.background import Background
from infra.launch.problem import Problem
from infra.launch.processes import Command, adopt_orphans, run_to_end
from infra.launch.progress import Progress
from infra.launch.runtime import Lock

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
    lock = Lock(paths.local("test") / "tests.lock")
    if not lock.take():
        raise Problem(
            "이 폴더에서 테스트가 이미 실행 중입니다. 끝난 뒤 다시 실행하세요.",
            "The tests already run in this clone: run again when they are done.",
        )
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
        code = oneoff.foreground(argv, ready, paths.ROOT)
    return code or frontend


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


def bench(progress: Progress, arguments: list[str]) -> int:
    """Runs one benchmark, or all; one JSON line each on stdout."""
    known = sorted(path.stem for path in (paths.ROOT / "bench").glob("[a-z]*.py"))
    name = arguments[0] if arguments else ""
    if name and name not in known:
        raise Problem(
            f"'{name}' 벤치마크는 없습니다. 있는 것: {', '.join(known)}.",
            f"There is no benchmark '{name}'. There are: {', '.join(known)}.",
        )
    env = environment.for_python(environment.for_tools())
    codes = []
    for each in [name] if name else known:
        argv = [sys.executable, str(Path(paths.ROOT, "bench", f"{each}.py")), *arguments[1:]]
        codes.append(oneoff.foreground(argv, env, paths.ROOT))
    return max(codes)

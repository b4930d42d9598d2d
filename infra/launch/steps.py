"""Our end of manage_steps.py: management commands, one after another, in one Django."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.launch import paths, stopping
from infra.launch.problem import Problem
from infra.launch.processes import HERE, Command, Process
from infra.launch.python_env import python

MARK = "@step"


class Steps:
    """A Django that waits for commands; close it when all are done."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        command = Command(
            "setup", [python(), str(HERE / "manage_steps.py")], env, paths.ROOT, json_is_secret=True, stdin=None
        )
        self._log = log
        self._said: list[str] = []
        self._process = Process(command, log, self._said.append).start()

    def run(self, *words: str, failed: tuple[str, str] | None = None) -> Any:
        """Runs one command; the JSON object of its last line, if that is one.

        A Problem with the sentence `failed` (and its last lines) when it fails, else with its own last words.
        """
        self._said.clear()
        assert self._process.popen.stdin
        self._process.popen.stdin.write(json.dumps(words).encode() + b"\n")
        self._process.popen.stdin.flush()
        while not (self._process.ended() or self._answered()):
            stopping.pause(0.03)
        if not self._answered() or self._said[-1] != f"{MARK} ok":
            raise self._problem(words[0], failed)
        return self._result()

    def _answered(self) -> bool:
        return bool(self._said) and self._said[-1].startswith(MARK)

    def _result(self) -> Any:
        for line in reversed(self._said):
            if line.startswith("{"):
                return json.loads(line)
        return {}

    def _problem(self, name: str, failed: tuple[str, str] | None) -> Problem:
        if self._process.ended():
            self._process.bury()  # all of its words are in
        words = [line for line in self._said if line.strip() and not line.startswith(MARK)]
        detail = "\n".join(words[-12:])
        if failed:
            return Problem(*failed, detail=detail)
        if words and not any(line.startswith("Traceback") for line in words):
            return Problem(words[-1], "")
        ko = f"{name} 이(가) 실패했습니다. 아래 원인을 고친 뒤 다시 실행하세요. 기록: {self._log}"
        en = f"{name} failed: put right what is named below, then run again. Its log: {self._log}"
        return Problem(ko, en, detail=detail)

    def close(self) -> None:
        """Nothing more to run."""
        if self._process.popen.stdin:
            self._process.popen.stdin.close()
        self._process.stop(asked=True)

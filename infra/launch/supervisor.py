"""Keeps a house of processes alive: start in order, restart what falls, stop in reverse, leave none behind."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.launch import stopping
from infra.launch.problem import Problem
from infra.launch.processes import Command, Process, end_strays, warden
from infra.launch.progress import Progress
from infra.launch.runtime import Runtime

STEADY = 60.0  # seconds after which a process counts as well again
LONGEST_WAIT = 30.0  # seconds between two tries of one that keeps falling


@dataclass
class Service:
    """A process that should always be there."""

    command: Command
    ready: Callable[[Process], bool] = lambda process: True  # looked at every few hundredths of a second
    on_line: Callable[[str], None] | None = None
    process: Process | None = None
    together: int = 0  # services started together are stopped together
    failures: int = 0
    again_at: float | None = None  # monotonic time of the next try; None: it runs
    was_ready: bool = False

    @property
    def name(self) -> str:
        return self.command.name


class Supervisor:
    """Owner of every process that one command started."""

    def __init__(self, logs: Path, runtime: Runtime, progress: Progress) -> None:
        self.logs, self.runtime, self.progress = logs, runtime, progress
        self.services: list[Service] = []

    def start(self, *services: Service, timeout: float = 60, foundation: bool = False) -> None:
        """Starts services together and returns when all are ready."""
        self.launch(*services, foundation=foundation)
        self.await_ready(*services, timeout=timeout)

    def launch(self, *services: Service, foundation: bool = False) -> None:
        """Starts services and does not wait; what is launched together is stopped together.

        A `foundation` is stopped last, whenever it was started: everything stands on it.
        """
        together = 0 if foundation else 1 + max((s.together for s in self.services), default=0)
        for service in services:
            service.together = together
            self.services.append(service)
            self._spawn(service)

    def await_ready(self, *services: Service, timeout: float = 60) -> None:
        """Returns when all are ready; a Problem says which is not after `timeout` seconds or fell, and why."""
        until = time.monotonic() + timeout
        waiting = list(services)
        while waiting := [s for s in waiting if not self._is_ready(s)]:
            for service in waiting:
                self._must_live(service)
            if time.monotonic() > until:
                ko, en = f"{timeout:.0f}초 안에 준비되지 않았습니다", f"was not ready within {timeout:.0f} s"
                raise self._problem(waiting[0], ko, en)
            self.tick(but=services)
            stopping.pause(0.03)

    def watch(self, until: Callable[[], bool], *, every: float = 0.2) -> None:
        """Looks after the house until the condition holds."""
        while not until():
            self.tick()
            stopping.pause(every)

    def tick(self, *, but: tuple[Service, ...] = ()) -> None:
        """Buries who has died, and starts again whose time has come."""
        for service in self.services:
            if service in but:
                continue
            if service.again_at is not None:
                if time.monotonic() >= service.again_at:
                    self._spawn(service)
            elif service.process and service.process.ended():
                self._fell(service)
            elif not service.was_ready and self._is_ready(service) and service.failures:
                self.progress.say(f"  ↻  {service.name}: 다시 동작합니다 / runs again")

    def stop(self) -> None:
        """Everything, newest first; afterwards no process that we started is left."""
        for together in sorted({s.together for s in self.services}, reverse=True):
            leaving = [s.process for s in self.services if s.together == together and s.process]
            for process in reversed(leaving):
                process.ask_to_stop()
            for process in reversed(leaving):
                process.stop(asked=True)
                self.runtime.gone(process.pid)
        self.services.clear()
        warden.dismiss()
        end_strays()
        self.runtime.remove()

    def _spawn(self, service: Service) -> None:
        service.again_at, service.was_ready = None, False
        service.process = Process(service.command, self.logs / f"{service.name}.log", service.on_line).start()
        self.runtime.born(service.name, service.process.pid)

    def _is_ready(self, service: Service) -> bool:
        process = service.process
        if process and not process.ended() and not service.was_ready:
            service.was_ready = service.ready(process)
        return service.was_ready

    def _must_live(self, service: Service) -> None:
        if service.process and service.process.ended():
            service.process.bury()
            self.runtime.gone(service.process.pid)
            raise self._problem(service, *service.process.epitaph())

    def _problem(self, service: Service, ko: str, en: str) -> Problem:
        log = self.logs / f"{service.name}.log"
        detail = service.process.tail() if service.process else ""
        ko, en = f"{service.name} 이(가) {ko}. 기록: {log}", f"{service.name} {en}; its log: {log}"
        return Problem(ko, en, detail=detail)

    def _fell(self, service: Service) -> None:
        process = service.process
        assert process
        process.bury()  # first of all: a pool's orphans would go on working beside the new ones
        self.runtime.gone(process.pid)
        lived = time.monotonic() - process.started
        service.failures = 1 if lived > STEADY else service.failures + 1
        wait = 0.0 if service.failures == 1 else min(LONGEST_WAIT, 2.0 ** (service.failures - 2))
        service.again_at = time.monotonic() + wait
        ko, en = process.epitaph()
        self.progress.say(
            f"\n✗ {service.name} 이(가) {ko}. {wait:.0f}초 뒤에 다시 시작합니다. 기록: {process.log}\n"
            f"✗ {service.name} {en}; it is started again in {wait:.0f} s. Its log: {process.log}"
        )
        for line in process.tail(8).splitlines():
            self.progress.say(f"    | {line[:200]}")

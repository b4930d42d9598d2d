"""Work beside the main thread: the dashboard's build while Python installs."""

import threading
from collections.abc import Callable

from infra.launch import stopping


class Background:
    """Runs a function in a thread; its error comes out where somebody waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as e:
            self._error = e

    def wait(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Returns when the work is done, or raises what it raised; `meanwhile` is called again and again."""
        while self._thread.is_alive():
            self._thread.join(0.1)
            stopping.pause(0)
            meanwhile()
        if self._error:
            raise self._error

    def cancel(self) -> None:
        """Ends work that nobody waits for any more: every wait in it looks at the flag."""
        if self._thread.is_alive():
            stopping.ask()
            self._thread.join()

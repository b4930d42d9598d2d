"""The one way to give up: a sentence in both languages that says what to do."""


class Problem(Exception):
    """Something a person must put right. `detail`: last lines of a log, shown below the sentence."""

    def __init__(self, ko: str, en: str, *, detail: str = "") -> None:
        super().__init__(en)
        self.ko, self.en, self.detail = ko, en, detail
        self.stage = ""  # filled in by the stage that it passes through


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM: not an error, so no `except Exception` may swallow it."""

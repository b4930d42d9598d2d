"""How a log line looks on a terminal."""

import logging


class LineFormatter(logging.Formatter):
    """Time, level, logger, message, and whatever was given as extra fields."""

    PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in vars(record).items() if k not in self.PLAIN}
        line = super().format(record)
        return f"{line} {extra}" if extra else line

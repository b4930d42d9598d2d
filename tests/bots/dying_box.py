"""A bot that dies at a named point of its first order, as if by a power cut. The tests see what the next one does."""

import os
import signal
import sys

import django

django.setup()

from bots.worker import run_account_bot  # noqa: E402
from market import points  # noqa: E402

account, point = sys.argv[1:]


def die(name: str) -> None:
    if name == point:
        os.kill(os.getpid(), signal.SIGKILL)


points.listen(die)
run_account_bot(account)

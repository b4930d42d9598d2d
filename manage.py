#!/usr/bin/env python
"""Django's command line; `./run <command>` calls it with the environment set up."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["backtest"]:  # needs neither settings nor servers, and starts at once
        from backtests.command import main

        sys.exit(main(sys.argv[2:]))
    if sys.argv[1:2] == ["chaos"]:  # brings its own servers, and touches no other
        from bots.chaos.command import main

        sys.exit(main(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    from config.env import BadSetting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(str(error))

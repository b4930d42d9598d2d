"""Runs management commands one after another in one Django, which takes seconds to load. Run as a script, in `.venv`.

Reads a JSON list on each line of stdin, the words of one command; answers it with a line `MARK ok` or `MARK failed`.
"""

import json
import sys
import traceback

MARK = "@step"


def run(words: list[str]) -> bool:
    """Whether the command succeeded; what it has to say it printed."""
    from django.core.management import CommandError, call_command

    try:
        call_command(*words)
    except CommandError as e:
        print(e)
        return False
    except SystemExit as e:
        return e.code in (None, 0)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return False
    return True


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        succeeded = run(json.loads(line))
        print(f"{MARK} {'ok' if succeeded else 'failed'}", flush=True)


if __name__ == "__main__":
    main()

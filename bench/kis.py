"""The KIS client under load, judged by the simulator's own counts: `./run bench kis`. One JSON line.

    ./run bench kis                     10 real minutes at speed 1, an hour in 10 minutes at speed 6, and the rest
    ./run bench kis --seconds 60        the same, shorter
    ./run bench kis --only rate,parse   some parts: rate, hour, parse, reconnect, tokens

It needs Redis and PostgreSQL, which the launcher starts for it.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from bench import kis_parse, kis_rate, kis_reconnect, kis_tokens

PARTS: dict[str, Callable[[float], dict[str, Any]]] = {
    "rate": lambda seconds: kis_rate.measure(seconds, speed=1.0),
    "hour": lambda seconds: kis_rate.measure(seconds, speed=6.0),
    "parse": lambda _seconds: kis_parse.measure(),
    "reconnect": lambda _seconds: kis_reconnect.measure(),
    "tokens": kis_tokens.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench kis")
    parser.add_argument("--seconds", type=float, default=600.0, help="real seconds of each of the timed parts")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas: " + ", ".join(PARTS))
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := set(names) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    found: dict[str, Any] = {"bench": "kis", "processors": os.cpu_count()}
    for name in names:
        print(f"bench kis: {name} …", file=sys.stderr, flush=True)
        found[name] = PARTS[name](options.seconds)
    found["ok"] = all(found[name]["ok"] for name in names)
    print(json.dumps(found), flush=True)
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())

"""Calls a function of jobs.py in a room: what it sends and returns comes out, a JSON line each.

Ends as the command would: 130, 143 or 129 after a signal, else 0.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jobs

from applbuild import namespace
from applbuild.errors import ApplbuildError, Interrupted
from applbuild.room import Bind, Room


def say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what, default=str) + "\n")
    sys.stdout.flush()


def main() -> int:
    order = json.loads(sys.argv[1])
    binds = tuple(
        Bind(Path(source), Path(target), is_writable=is_writable)
        for source, target, is_writable in order.get("binds", ())
    )
    work = Path(order["work"]) if "work" in order else None
    room = Room(binds=binds, work=work, work_bytes=1 << 28)
    try:
        result = namespace.call(
            getattr(jobs, order["function"]),
            *order["values"],
            room=room,
            on_event=lambda event: say(event=event),
        )
    except Interrupted as error:
        say(error="Interrupted")
        return error.exit_code
    except ApplbuildError as error:
        say(error=type(error).__name__, message=error.message, hint=error.hint, place=error.place)
    except Exception as error:  # noqa: BLE001 - every one of them is for the test
        notes = getattr(error, "__notes__", [])
        say(error=type(error).__name__, message=str(error), notes=notes)
    else:
        say(result=result)
    return 0


if __name__ == "__main__":
    sys.exit(main())

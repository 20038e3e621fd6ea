"""What script/fuzz runs: kickstarts are broken at random, and read."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import attrs

from applbuild.errors import KickstartError
from applbuild.kickstart import account, read, to_json, to_text
from applbuild.kickstart.table import ENTRIES
from applbuild.layout import lay_out, settle
from applbuild.model.plan import Needs, Resolution, Selection
from applbuild.model.request import BackendRequest, Request
from applbuild.model.storage import DiskRequest
from applbuild.units import GIB

LIMIT_SECONDS = 2
FORBIDDEN = ("subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork", "socket.")
WRITING = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod")
WORDS = sorted(
    {f"{name} " for name in ENTRIES}
    | {f"{name}=" for entry in ENTRIES.values() for word in entry.words for name in word.names}
    | {"%end\n", "%include ", "\n%packages\n", "\n%post\n", "'", '"', "\\", "=", "-", "@", "\0"}
    | {"{{ x }}", "@X@", "/", "swap", "99999999999999999999", "-1", "\r\n", "\u2028", "\x1c"}
)
OWN = (
    "install\nlang C\nzerombr yes\nkeyboard --vckeymap=us --xlayouts='us','de (nodeadkeys)'\n"
    "timezone --utc Europe/Berlin\nrootpw --iscrypted $6$a$b\nuser --name=a --groups=b,c --uid=7\n"
    "part / --size=1 --grow --fsoptions=a,b\npart swap --recommended --ondisk=sda --asprimary\n"
    "part /srv --percent=5\nclearpart --drives=sda --disklabel=msdos\nreqpart --add-boot\n"
    "ignoredisk --only-use=sda\n"
    "network --bootproto=static --ip=192.0.2.1\nnetwork --device=eth1 --hostname=x\n"
    "bootloader --append='a b' --location=mbr\nservices --enabled=a,b\nsshkey --username=a 'b c'\n"
    "repo --name=a --baseurl=http://mirror.example.org/\n%packages --nobase\n@core --optional\n-a\n"
    "%post --nochroot\n%include web.ks\necho\n%end\n%pre --log=/x\ntouch /tmp/part\n%end\n"
    "%include /tmp/part\n"
)
AUTOMATIC = (
    "autopart --type=plain --fstype=ext4 --nohome --hibernation\nclearpart --disklabel=gpt\n"
    "bootloader --boot-drive=sda --driveorder=sda,sdb --nombr\nignoredisk --drives=sdb,sdc\n"
    "%onerror --log=/tmp/x\ntrue\n%end\n%pre-install\ntrue\n%end\n"
)
DISKS = (
    (),
    (DiskRequest(name="os", size_bytes=60 * GIB), DiskRequest(name="data", size_bytes=GIB)),
)
NOBODY = BackendRequest(name="nobody")
SELECTION = Selection(payload=NOBODY, partition=NOBODY, bootloader=None, formats=(NOBODY,))


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse everything that reading a file does not need."""
    if event == "open":
        mode = arguments[1]
        is_writing = isinstance(mode, str) and any(letter in mode for letter in "wax+")
    else:
        is_writing = event in WRITING
    if watching and (is_writing or event.startswith(FORBIDDEN)):
        raise AssertionError(f"{event} {arguments}")


watching: list[bool] = []


def break_at_random(text: str, others: list[str], chance: random.Random) -> str:
    """Return *text* after a few accidents."""
    for _ in range(chance.randint(1, 6)):
        lines = text.split("\n")
        place, at = chance.randrange(len(lines)), chance.randrange(len(text) + 1)
        match chance.randrange(8):
            case 0:
                lines.pop(place)
                text = "\n".join(lines)
            case 1:
                lines.insert(chance.randrange(len(lines)), lines[place])
                text = "\n".join(lines)
            case 2:
                text = text[:at] + chance.choice(WORDS) + text[at:]
            case 3:
                lines[place] += " " + chance.choice(WORDS)
                text = "\n".join(lines)
            case 4:
                text = text[:at] + text[at + chance.randint(1, 30) :]
            case 5:
                text = (
                    text[:at] + chr(chance.choice([1, 9, 34, 37, 39, 92, 133, 0x1F600])) + text[at:]
                )
            case 6:
                other = chance.choice(others)
                text = text[:at] + other[chance.randrange(len(other) + 1) :]
            case _:
                text = text[:at]
    return text


def try_one(path: Path) -> str:
    """Return how far *path* gets: what is found wrong with it counts as well as a plan."""
    try:
        told = account(path)
        assert to_json(told)
        assert list(to_text(told))
        request = read(path, must_include=False, may_fetch=False).request
    except KickstartError as error:
        return "refused" if str(error) else "without a word"
    planned = [try_to_lay_out(attrs.evolve(request, disks=disks)) for disks in DISKS]
    return "planned" if any(planned) else "read"


def try_to_lay_out(request: Request) -> bool:
    """Return whether *request* has a plan; that it cannot have one is told, too."""
    try:
        lay_out(settle(request), Needs(), Resolution(), SELECTION, identifier_bits={})
    except KickstartError:
        return False
    return True


def give_up(signal_number: int, frame: object) -> None:
    raise TimeoutError(f"it takes more than {LIMIT_SECONDS} s")


def main() -> int:
    """Return 0 where every broken kickstart ends as it should."""
    parser = argparse.ArgumentParser(prog="script/fuzz")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    texts = [OWN, AUTOMATIC] + [
        path.read_text("utf-8", "replace")
        for folder in options.folders
        for path in sorted(folder.glob("*.ks"))
    ]
    chance = random.Random(options.seed)  # noqa: S311
    signal.signal(signal.SIGALRM, give_up)
    sys.addaudithook(watch)
    ends: Counter[str] = Counter()
    worst, begin = 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "web.ks"
        path.write_text(OWN)
        try_one(path)  # imports write byte code
        for number in range(options.count):
            text = break_at_random(chance.choice(texts), texts, chance)
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            started = time.monotonic()
            signal.alarm(LIMIT_SECONDS)
            watching.append(True)
            try:
                ends[try_one(path)] += 1
            except Exception:  # noqa: BLE001
                ends["failed"] += 1
                kept = Path(f"fuzz-{options.seed}-{number}.ks")
                watching.clear()
                kept.write_bytes(path.read_bytes())
                sys.stderr.write(f"{kept}:\n{traceback.format_exc()}\n")
            finally:
                watching.clear()
                signal.alarm(0)
            worst = max(worst, time.monotonic() - started)
    seconds = time.monotonic() - begin
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    sys.stdout.write(f"{told}; the slowest took {worst:.2f} s, all {seconds:.0f} s\n")
    return 1 if ends["failed"] or ends["without a word"] else 0


if __name__ == "__main__":
    sys.exit(main())

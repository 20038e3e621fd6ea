"""The same kickstart, built by two people in two ways: the same bytes, without any package."""

from __future__ import annotations

import hashlib
import os
import shutil
import time

import attrs
import pytest

FORMATS = ("raw", "qcow2", "vmdk,subformat=streamOptimized")
"""Every format, with options where they change what is written."""
KICKSTART = """\
liveimg --url=file://{tree}
part /boot --fstype=ext2 --size=8
part / --fstype=ext4 --size=60 --grow --label=root --fsoptions=noatime
part swap --size=8
part /srv --fstype=ext3 --size=20 --ondisk=data --label=data
bootloader --location=none
network --hostname=web.example.org
%post
# Whatever a script does at a time of its own, in an order of its own.
for name in c b a; do echo "$name" >/srv/$name; done
/bin/cat /dev/urandom | /bin/cat >/dev/null &
mkdir /srv/folder 2>/dev/null
: >/srv/empty
exit 0
%end
%post --nochroot
mkdir "$INSTALL_ROOT/srv/made outside"
mkfifo "$INSTALL_ROOT/srv/pipe"
ln -s nowhere "$INSTALL_ROOT/srv/link"
ln "$INSTALL_ROOT/srv/a" "$INSTALL_ROOT/srv/a too"
head -c 100000 /dev/zero | tr '\\0' x >"$INSTALL_ROOT/srv/large"
truncate -s 5M "$INSTALL_ROOT/srv/sparse"
touch "$INSTALL_ROOT/srv/Grüße"
chown 33:33 "$INSTALL_ROOT/srv/b"
chmod 4711 "$INSTALL_ROOT/srv/b"
%end
"""


@attrs.frozen
class Built:
    """Which bytes a build delivered, by file."""

    digests: dict[str, str]


def build(person, folder, tree, *, cpu=None, environment, **about):
    """Build in a new folder and return what came of it."""
    folder.mkdir()
    (folder / "web.ks").write_text(KICKSTART.format(tree=tree), encoding="utf-8")
    for path in (folder, folder / "web.ks"):
        os.chown(path, person.uid, person.gid)
    formats = [word for name in FORMATS for word in ("--format", name)]
    words = person.applbuild(
        *("web.ks", "--disk", "os=100MiB", "--disk", "data=40MiB", "--cache", "cache"),
        *("--descriptor", "virt-image", *formats),
        is_on_disk=about.pop("is_on_disk", False),
    )
    pinned = [] if cpu is None else ["taskset", "--cpu-list", cpu]
    done = person.run([*pinned, *words], cwd=folder, environment=environment, **about)
    assert done.returncode == 0, done.stderr
    files = sorted((folder / "web").iterdir())
    return Built({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})


@pytest.fixture(scope="module")
def by_user(as_user, readable, tiny_tree):
    """The build of an ordinary user, with the usual surroundings."""
    folder = readable / "same-1"
    yield build(as_user, folder, tiny_tree, environment={"LC_ALL": "C", "TZ": "UTC"}, umask=0o022)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["user", "root"])
def by_another(request, by_user, readable, tiny_tree):
    """A later build, elsewhere, with everything around it another; by the same user and by root."""
    person = request.getfixturevalue(f"as_{request.param}")
    folder = readable / f"another folder of {request.param}"
    time.sleep(1.1)  # the times of files are of another second
    yield build(
        person,
        folder,
        tiny_tree,
        cpu=str(min(os.sched_getaffinity(0))),
        environment={"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"},
        umask=0o077,
        is_on_disk=True,
    )
    shutil.rmtree(folder, ignore_errors=True)


def test_a_build_delivers_both_disks_in_every_format_and_their_document(by_user):
    assert len(by_user.digests) == 2 * len(FORMATS) + 3
    assert {"web.xml", "manifest.json", "SHA256SUMS"} <= set(by_user.digests)


def test_whoever_builds_wherever_and_whenever_the_bytes_are_the_same(by_user, by_another):
    assert by_another.digests == by_user.digests


def test_another_kickstart_gives_other_bytes(by_user, as_user, readable, tiny_tree, monkeypatch):
    monkeypatch.setitem(globals(), "KICKSTART", KICKSTART.replace("--size=20", "--size=21"))
    folder = readable / "same-3"

    other = build(as_user, folder, tiny_tree, environment={})

    images = [name for name in by_user.digests if name.startswith("web-")]
    assert len(images) == 2 * len(FORMATS)
    assert all(other.digests[name] != by_user.digests[name] for name in images)
    shutil.rmtree(folder, ignore_errors=True)

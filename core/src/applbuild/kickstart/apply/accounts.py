"""`rootpw`, `user`, `group` and `sshkey` as values."""

from __future__ import annotations

import re
from typing import Any

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading
from applbuild.model.problem import Severity
from applbuild.model.settings import Group, SshKey, User

# Some systems' useradd(8) takes names that begin with a digit, others' says that it does not.
_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?", re.ASCII)
_GROUP = re.compile(r"(\S+?)\s*(?:\((\d+)\))?", re.ASCII)
_MAX_ID = 2**32 - 2
# shadow(5): fields are parted by colons.
_HASH = re.compile(r"[!-9;-~]*", re.ASCII)
_NO_HASH = "the password of `{}` with --iscrypted is no hash of crypt(5)"
_HASH_HINT = "make it with `openssl passwd -6`"


def _fits_shadow(data: Any) -> bool:
    """Return whether a password that is said to be a hash can stand in /etc/shadow."""
    return not data.isCrypted or _HASH.fullmatch(data.password or "") is not None


def _rootpw(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    if not _fits_shadow(data):
        return reading.problem(_NO_HASH.format("rootpw"), statement.item.place, hint=_HASH_HINT)
    root = User(name="root", is_locked=bool(data.lock), place=statement.item.place)
    return reading.settings(root=root, has_root_ssh=bool(data.allow_ssh))


def _user(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if complaint := _account_complaint(data):
        return reading.problem(complaint, place)
    if not _fits_shadow(data):
        return reading.problem(_NO_HASH.format(f"user {data.name}"), place, hint=_HASH_HINT)
    if data.name == "root":
        message = "the account root is in every system"
        return reading.problem(message, place, hint="write `rootpw`")
    groups = [_GROUP.fullmatch(group) for group in data.groups]
    user = User(
        name=data.name,
        uid=data.uid,
        gid=data.gid,
        groups=tuple(group[1] for group in groups if group),
        home=data.homedir or None,
        shell=data.shell or None,
        full_name=data.gecos,
        is_locked=bool(data.lock),
        place=place,
    )
    others = reading.request.settings.users
    kept = tuple(other for other in others if other.name != user.name)
    if len(kept) < len(others):
        message = f"the account {user.name} is described before; this line replaces it"
        reading = reading.problem(message, place, Severity.NOTE)
    # `--groups=staff(70)` says the number of a group, too.
    known = {group.name for group in reading.request.settings.groups}
    numbered = tuple(
        Group(name=group[1], gid=int(group[2]), place=place)
        for group in groups
        if group and group[2] and group[1] not in known
    )
    return reading.settings(
        users=(*kept, user), groups=(*reading.request.settings.groups, *numbered)
    )


def _account_complaint(data: Any) -> str:
    """Return what is wrong with a user or group, or nothing; it goes into /etc/passwd as it is."""
    if not _NAME.fullmatch(data.name):
        return f"{data.name!r} cannot be the name of an account or a group"
    for group in getattr(data, "groups", ()):
        found = _GROUP.fullmatch(group)
        if not (found and _NAME.fullmatch(found[1])):
            return f"{group!r} cannot be the name of a group of {data.name}"
    for field in ("uid", "gid"):
        number = getattr(data, field, None)
        if number is not None and not 0 <= number <= _MAX_ID:
            return f"{number} cannot be the {field} of {data.name}"
    for field in ("gecos", "homedir", "shell"):
        if ":" in (getattr(data, field, None) or ""):
            return f"a colon cannot be in the {field} of {data.name}"
    return ""


def _group(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if complaint := _account_complaint(data):
        return reading.problem(complaint, place)
    group = Group(name=data.name, gid=data.gid, place=place)
    kept = (other for other in reading.request.settings.groups if other.name != group.name)
    return reading.settings(groups=(*kept, group))


def _sshkey(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    key = SshKey(user=data.username, key=data.key, place=statement.item.place)
    return reading.settings(ssh_keys=(*reading.request.settings.ssh_keys, key))


ACCOUNTS = {
    "rootpw": _rootpw,
    "user": _user,
    "group": _group,
    "sshkey": _sshkey,
}

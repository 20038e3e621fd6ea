"""Users, groups, passwords and the keys that may log in."""

from __future__ import annotations

import os

from applbuild.configure.guest_tools import ask
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Group, Secrets, SshKey, User
from applbuild.run import Run
from applbuild.tree import exists, write_file

_SHELLS = ("/bin/bash", "/bin/sh")


def set_accounts(plan: Plan, secrets: Secrets, tree: Tree, run: Run) -> None:
    """Make the groups and users of the kickstart, set passwords and write authorized keys.

    Raises:
        KickstartError: the system's own tools refuse, with the place of the line.
    """
    settings = plan.settings
    for group in settings.groups:
        _add_group(group, tree, run)
    for user in settings.users:
        _add_user(user, tree, run)
    _set_passwords(secrets, tree, run)
    for user in (settings.root, *settings.users):
        if user.is_locked and user.place is not None:
            ask(tree, run, ["usermod", "--lock", user.name], f"lock {user.name}", user.place)
    for key in settings.ssh_keys:
        _add_key(key, tree)


def _add_group(group: Group, tree: Tree, run: Run) -> None:
    if group.name in _names(tree, "/etc/group"):
        return
    number = ["--gid", str(group.gid)] if group.gid is not None else []
    ask(tree, run, ["groupadd", *number, group.name], f"group {group.name}", group.place)


def _add_user(user: User, tree: Tree, run: Run) -> None:
    """Make *user*; one that the system has already gets what the line says."""
    for name in user.groups:
        _add_group(Group(name=name, place=user.place), tree, run)
    is_new = user.name not in _names(tree, "/etc/passwd")
    argv = ["useradd", "--create-home"] if is_new else ["usermod", "--append"]
    if user.uid is not None:
        argv += ["--uid", str(user.uid)]
    if user.gid is not None:
        _add_group_of(user, tree, run)
        argv += ["--gid", str(user.gid)]
    elif is_new and user.name in _names(tree, "/etc/group"):
        argv += ["--gid", user.name]
    if user.groups:
        argv += ["--groups", ",".join(user.groups)]
    if user.home:
        argv += ["--home-dir" if is_new else "--home", user.home]
        tree.path(user.home).parent.mkdir(parents=True, exist_ok=True)
    if user.full_name:
        argv += ["--comment", user.full_name]
    shell = user.shell
    if is_new and not shell:
        shell = next((path for path in _SHELLS if exists(tree, path)), "/bin/sh")
    argv += ["--shell", shell] if shell else []
    if argv != ["usermod", "--append"]:
        ask(tree, run, [*argv, user.name], f"user {user.name}", user.place)


def _add_group_of(user: User, tree: Tree, run: Run) -> None:
    """Make the user's own group with the number asked for, unless one has that number."""
    numbers = {line.split(":")[2] for line in _lines(tree, "/etc/group") if line.count(":") > 2}
    if str(user.gid) not in numbers:
        _add_group(Group(name=user.name, gid=user.gid, place=user.place), tree, run)


def _set_passwords(secrets: Secrets, tree: Tree, run: Run) -> None:
    if not secrets.hashes:
        return
    text = "".join(f"{user}:{password}\n" for user, password in secrets.hashes)
    if not exists(tree, "/usr/sbin/chpasswd"):
        raise KickstartError("passwords cannot be set: the installed system has no chpasswd")
    run.guest(tree, ["chpasswd", "--encrypted"], input=text)


def _add_key(key: SshKey, tree: Tree) -> None:
    entry = next(
        (
            line.split(":")
            for line in _lines(tree, "/etc/passwd")
            if line.startswith(f"{key.user}:")
        ),
        None,
    )
    if entry is None:
        raise KickstartError(f"sshkey: there is no user {key.user}", place=key.place)
    home, uid, gid = entry[5], int(entry[2]), int(entry[3])
    path = f"{home}/.ssh/authorized_keys"
    known = tree.path(path)
    former = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    write_file(tree, path, "\n".join([*former, key.key, ""]), mode=0o600)
    tree.path(f"{home}/.ssh").chmod(0o700)
    for made in (f"{home}/.ssh", path):
        os.lchown(tree.path(made), uid, gid)


def _names(tree: Tree, path: str) -> set[str]:
    return {line.partition(":")[0] for line in _lines(tree, path)}


def _lines(tree: Tree, path: str) -> list[str]:
    file = tree.path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []

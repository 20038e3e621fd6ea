"""Who may log in, and how that is checked."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, honoured, pending, same

ACCOUNTS = (
    Entry(
        "rootpw",
        Fate.HONOURED,
        "the password of root",
        (
            honoured("<password>", "kept as a hash only", is_secret=True),
            honoured("--plaintext", "the password is hashed with SHA-512"),
            honoured("--iscrypted", "the hash is taken as it is"),
            honoured("--lock", "nobody can log in as root with a password"),
            pending("--allow-ssh", "whether root may log in over ssh stays as the system has it"),
        ),
    ),
    Entry(
        "user",
        Fate.HONOURED,
        "makes an account",
        (
            honoured("--name", "its name"),
            honoured("--groups", "the groups it is in besides its own"),
            honoured("--homedir", "its home directory"),
            honoured("--shell", "its login shell"),
            honoured("--uid", "its number"),
            honoured("--gid", "the number of its own group"),
            honoured("--gecos", "its owner's name"),
            honoured("--password", "kept as a hash only", is_secret=True),
            honoured("--plaintext", "the password is hashed with SHA-512"),
            honoured("--iscrypted", "the hash is taken as it is"),
            honoured("--lock", "nobody can log in with a password"),
        ),
    ),
    Entry(
        "group",
        Fate.HONOURED,
        "makes a group",
        (honoured("--name", "its name"), honoured("--gid", "its number")),
    ),
    Entry(
        "sshkey",
        Fate.HONOURED,
        "a public key that may log in",
        (
            honoured("--username", "the account it is for"),
            honoured("<sshkey>", "the line of authorized_keys"),
        ),
    ),
    Entry(
        "sshpw",
        Fate.IRRELEVANT,
        "it is an account of the installer, gone when the system starts",
        (
            same("--username --iscrypted --plaintext --lock --sshkey"),
            same("<password>", is_secret=True),
        ),
    ),
    Entry(
        "authselect",
        Fate.PENDING,
        "logins are checked as the packages set it up",
        (same("<arguments>"),),
    ),
    Entry(
        "auth authconfig",
        Fate.PENDING,
        "logins are checked as the packages set it up (shadow passwords, a strong hash)",
        era="Fedora 35",
    ),
    Entry(
        "realm",
        Fate.PENDING,
        "the system joins no domain",
        (
            same("<arguments> --client-software --server-software --membership-software"),
            same("--no-password --computer-ou"),
            same("--one-time-password", is_secret=True),
        ),
    ),
)

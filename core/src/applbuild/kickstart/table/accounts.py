"""Who may log in, and how that is checked."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, honoured, removed, same

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
            honoured("--allow-ssh", "root may log in over ssh with a password"),
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
        Fate.HONOURED,
        "how logins are checked, by the system's own authselect",
        (honoured("<arguments>", "what authselect(8) is told"),),
    ),
    Entry(
        "auth authconfig",
        Fate.PENDING,
        "logins are checked as the packages set it up",
        (
            removed(
                "--enableshadow --useshadow --updateall --update --kickstart --nostart",
                "Fedora 35",
                Fate.IRRELEVANT,
                "passwords are kept as hashes in /etc/shadow by every system",
            ),
            removed(
                "--enablefingerprint --disablefingerprint",
                "Fedora 35",
                Fate.IRRELEVANT,
                "a virtual machine has no reader of fingerprints",
            ),
            removed(
                "--passalgo --enablemd5",
                "Fedora 35",
                Fate.IRRELEVANT,
                "plain passwords are hashed with SHA-512, later ones as the system does",
            ),
        ),
        instead="write `authselect`",
        era="Fedora 35",
    ),
    Entry(
        "realm",
        Fate.PENDING,
        "the system joins no domain: a membership belongs to one machine, and an image is for many",
        (
            same("<arguments> --client-software --server-software --membership-software"),
            same("--no-password --computer-ou"),
            same("--one-time-password", is_secret=True),
        ),
        instead="join when the machine starts, by a unit that %post writes",
    ),
)

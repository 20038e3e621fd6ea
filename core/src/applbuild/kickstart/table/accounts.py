"""Who may log in, and how that is checked."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, honoured, removed, same

_F35 = "Fedora 35"
_DIRECTORY = "logins are not checked by a directory that `auth` names: authconfig is no more"
_QUALITY = "what passwords must be like is not set by `auth`: authconfig is no more"

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
        Fate.IRRELEVANT,
        "logins are checked as the packages set it up, with hashes in /etc/shadow",
        (
            removed(
                "--enableshadow --useshadow --updateall --update --kickstart --nostart",
                _F35,
                Fate.IRRELEVANT,
                "passwords are kept as hashes in /etc/shadow by every system",
            ),
            removed(
                "--enablefingerprint --disablefingerprint",
                _F35,
                Fate.IRRELEVANT,
                "a virtual machine has no reader of fingerprints",
            ),
            removed(
                "--enablemd5 --disablemd5",
                _F35,
                Fate.IRRELEVANT,
                "plain passwords are hashed with SHA-512, later ones as the system does",
            ),
            removed(
                "--passalgo",
                _F35,
                Fate.IRRELEVANT,
                "plain passwords are hashed with SHA-512, later ones as the system does",
                takes_value=True,
            ),
            # What authconfig(8) turns on; its other options say more of these, or turn them off.
            removed(
                "--enablenis --enableldap --enableldapauth --enablekrb5 --enablesssd"
                " --enablesssdauth --enablewinbind --enablewinbindauth --enableipav2"
                " --enablesmartcard --enablehesiod --enablesmb --enablesmbauth",
                _F35,
                Fate.REFUSED,
                _DIRECTORY,
                instead="write `authselect select sssd` (or winbind), and its settings in %post",
            ),
            removed(
                "--enablemkhomedir --enablepamaccess --enablefaillock",
                _F35,
                Fate.REFUSED,
                "what happens at a login is not set by `auth`: authconfig is no more",
                instead="write `authselect select PROFILE with-mkhomedir` or its like",
            ),
            removed(
                "--enablereqlower --enablerequpper --enablereqdigit --enablereqother",
                _F35,
                Fate.REFUSED,
                _QUALITY,
                instead="write it into /etc/security/pwquality.conf in %post",
            ),
            removed(
                "--passminlen --passminclass --passmaxrepeat --passmaxclassrepeat",
                _F35,
                Fate.REFUSED,
                _QUALITY,
                takes_value=True,
                instead="write it into /etc/security/pwquality.conf in %post",
            ),
            removed(
                "--winbindjoin",
                _F35,
                Fate.REFUSED,
                "the system joins no domain: a membership belongs to one machine",
                instead="join when the machine starts, by a unit that %post writes",
                is_secret=True,
            ),
            removed(
                "--nisdomain --nisserver --ldapserver --ldapbasedn --ldaploadcacert --krb5realm"
                " --krb5kdc --krb5adminserver --smbworkgroup --smbservers --smbsecurity --smbrealm"
                " --smbidmaprange --smbidmapuid --smbidmapgid --winbindseparator"
                " --winbindtemplatehomedir --winbindtemplateprimarygroup --winbindtemplateshell"
                " --ipav2domain --ipav2realm --ipav2server --ipav2join --hesiodlhs --hesiodrhs"
                " --smartcardmodule --smartcardaction --faillockargs",
                _F35,
                Fate.IRRELEVANT,
                "it says more of what another option turns on",
                takes_value=True,
            ),
        ),
        era=_F35,
    ),
    Entry(
        "realm",
        Fate.IRRELEVANT,
        "the system joins no domain: a membership belongs to one machine, and an image is for many",
        (
            same("<arguments> --client-software --server-software --membership-software"),
            same("--no-password --computer-ou"),
            same("--one-time-password", is_secret=True),
        ),
        instead="join when the machine starts, by a unit that %post writes",
    ),
)

"""Passwords leave the kickstart as hashes, and only as those."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from applbuild.kickstart.grammar import Statement
from applbuild.model.request import Secrets, Settings

_SALT_LENGTH = 16


def secrets_of(statements: Iterable[Statement], settings: Settings, digest: str) -> Secrets:
    """Return the password hashes of the accounts in *settings*; the last line for each counts."""
    names = {settings.root.name, *(user.name for user in settings.users)}
    passwords: dict[str, tuple[str, bool]] = {}
    for statement in statements:
        if statement.data is None or statement.item.name not in {"rootpw", "user"}:
            continue
        data = statement.data
        name = "root" if statement.item.name == "rootpw" else data.name
        passwords.pop(name, None)
        if data.password and name in names:
            passwords[name] = (data.password, bool(data.isCrypted))
    return Secrets(
        tuple(
            (name, password if is_hash else hash_password(password, name, digest))
            for name, (password, is_hash) in passwords.items()
        )
    )


def hash_password(password: str, user: str, digest: str) -> str:
    """Return the SHA-512 crypt(5) hash of *password*.

    The salt comes from the kickstart's *digest* and the *user*, so that the
    same kickstart always gives the same bytes.
    """
    from passlib.hash import sha512_crypt  # type: ignore[import-untyped]

    seed = hashlib.sha256(f"{digest}\0{user}".encode()).digest()
    salt = base64.b64encode(seed, altchars=b"./").decode()[:_SALT_LENGTH]
    # 5000 rounds are what crypt(5) means when it names none.
    return str(sha512_crypt.using(salt=salt, rounds=5000).hash(password))

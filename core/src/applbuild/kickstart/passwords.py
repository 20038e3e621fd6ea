"""Passwords leave the kickstart as hashes, and only as those."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

from applbuild.kickstart.addons import addons_of
from applbuild.kickstart.grammar import Statement
from applbuild.model.settings import Secrets, Settings

_SALT_LENGTH = 16
# GRUB manual, "Security"; as grub-mkpasswd-pbkdf2 writes and password_pbkdf2 takes them.
_BOOT_HASH = re.compile(r"grub\.pbkdf2\.sha512\.[1-9][0-9]{0,8}(\.([0-9A-Fa-f]{2})+){2}")
_BOOT_ROUNDS = 10_000
_BOOT_BYTES = 64


def secrets_of(statements: Sequence[Statement], settings: Settings, digest: str) -> Secrets:
    """Return the password hashes of the accounts in *settings* and of the boot loader; add-ons.

    The last line for each password counts.
    """
    names = {settings.root.name, *(user.name for user in settings.users)}
    passwords: dict[str, tuple[str, bool]] = {}
    boot_hash = None
    for statement in statements:
        data = statement.data
        if data is None:
            continue
        if statement.item.name == "bootloader":
            boot_hash = _boot_hash(data.password, bool(data.isCrypted), digest)
        if statement.item.name not in {"rootpw", "user"}:
            continue
        name = "root" if statement.item.name == "rootpw" else data.name
        passwords.pop(name, None)
        if data.password and name in names:
            passwords[name] = (data.password, bool(data.isCrypted))
    hashes = tuple(
        (name, password if is_hash else hash_password(password, name, digest))
        for name, (password, is_hash) in passwords.items()
    )
    return Secrets(hashes=hashes, boot_hash=boot_hash, addons=addons_of(statements))


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


def is_boot_hash(text: str) -> bool:
    """Return whether *text* is a hash of a password as GRUB writes them."""
    return _BOOT_HASH.fullmatch(text) is not None


def _boot_hash(password: str, is_hash: bool, digest: str) -> str | None:
    """Return the hash of the boot loader's *password*, salted as `hash_password` does."""
    if not password or is_hash:
        return password or None
    # No account can have this name: an account's salt is never that of the boot loader.
    salt = hashlib.sha512(f"{digest}\0:boot loader".encode()).digest()[:_BOOT_BYTES]
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _BOOT_ROUNDS, _BOOT_BYTES)
    return f"grub.pbkdf2.sha512.{_BOOT_ROUNDS}.{salt.hex().upper()}.{made.hex().upper()}"

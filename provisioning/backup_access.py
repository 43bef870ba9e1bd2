"""What people must keep of the backups: the words that open them, and the key that opens a server to the box.

Both are made at first use and stay on the box; only the public half of the server's key ever leaves it.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance import rights
from appliance.backup import key as backup_key
from appliance.files import write_atomically
from appliance.settings import Backup, Home
from provisioning.messages import BackupAccess

SSH: Final = "ssh://"
COMMENT: Final = "yobirin-backup"


def read(home: Home, settings: Backup, *, at: int) -> BackupAccess:
    """Both, nothing where no backup is made; it is noted that somebody has seen them, `at` in ms."""
    if not settings.target:
        return BackupAccess()
    try:
        public = public_key(home) if settings.target.startswith(SSH) else ""
        return BackupAccess(recovery_key=backup_key.words(home, at=at), public_key=public)
    finally:
        rights.mend(home)


def public_key(home: Home) -> str:
    """The box's own line for the server's authorized_keys; the pair is made at the first call."""
    path = home.directory("secrets") / "backup_ssh"
    if not path.exists():
        fresh = Ed25519PrivateKey.generate()
        pem = fresh.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        write_atomically(path, pem, mode=0o600)
    kept = serialization.load_ssh_private_key(path.read_bytes(), None)
    line = kept.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{line.decode('ascii')} {COMMENT}"

"""The certificate of the page: made by the box itself on first start when nobody has put one there.

Self-signed, EC P-256, ten years, for this host's names and the address it listens on.  The private key is
written with mode 0600 before its certificate, so that a crash in between leaves nothing half made.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.errors import SettingsError
from appliance.settings import Home, Web

YEARS = 10


def ensure(home: Home, web: Web) -> tuple[Path, Path]:
    """(certificate, private key), made if neither exists.  Raises SettingsError where one is missing."""
    certificate, key = home.root / web.certificate, home.root / web.private_key
    if certificate.exists() != key.exists():
        missing = key if certificate.exists() else certificate
        raise SettingsError(f"{missing} is missing.", remedy="Put both files there, or remove the other one.")
    if not key.exists():
        _make(certificate, key, address=web.address)
    return certificate, key


def _make(certificate: Path, key: Path, *, address: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = _builder(private, names=_names(address)).sign(private, hashes.SHA256())
    _write(key, pem)
    _write(certificate, signed.public_bytes(serialization.Encoding.PEM))


def _builder(
    private: ec.EllipticCurvePrivateKey, *, names: list[x509.GeneralName]
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yobirin")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a PC whose clock is a little behind
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )


def _names(address: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName(socket.gethostname())]
    found = {"127.0.0.1", address} - {"0.0.0.0", "::"}  # noqa: S104 - left out, not listened on
    for text in sorted(found):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text))
    return names


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)

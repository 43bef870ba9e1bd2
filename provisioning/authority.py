"""The appliance's own certificate authority, and the certificate of the page that it signs.

Made once a box; the authority's key never leaves `HOME/secrets`.  PCs are told to trust the authority
once, so that a renewed certificate is nothing new to them.  A customer's own certificate is left alone.
"""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import socket
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.errors import BadInput, SettingsError
from appliance.files import write_atomically
from appliance.settings import Home, Settings, Web, file_mode
from provisioning.words import Text

AUTHORITY_DAYS: Final = 3_650
LEAF_DAYS: Final = 730  # Apple's devices refuse more than 825 days from any authority
RENEW_DAYS: Final = 60
BEHIND: Final = timedelta(days=1)  # a PC whose clock is a little behind
CERTIFICATES_MAX: Final = 10  # of one chain
NOWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - left out of names, not listened on


def authority_file(home: Home) -> Path:
    """The authority's certificate: no secret, PCs may install it."""
    return home.root / "tls" / "appliance-ca.crt"


def authority_key_file(home: Home) -> Path:
    """The authority's private key, mode 0600."""
    return home.root / "secrets" / "appliance-ca.key"


def ensure_authority(home: Home, *, name: str, now: datetime | None = None) -> x509.Certificate:
    """The appliance's authority, made at the first call.  Raises SettingsError where half is missing."""
    certificate, key = authority_file(home), authority_key_file(home)
    if certificate.exists() != key.exists():
        missing = key if certificate.exists() else certificate
        raise SettingsError(
            f"{missing} of the appliance's authority is missing.",
            remedy="Put it back from the backup, or remove the other one: PCs must then trust a new one.",
        )
    if not key.exists():
        _make_authority(certificate, key, name=name, now=now or datetime.now(UTC))
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def ensure_leaf(
    home: Home,
    web: Web,
    *,
    site_name: str = "Yobirin",
    names: Iterable[str] = (),
    now: datetime | None = None,
) -> bool:
    """See that the page has a certificate for its names; True where one was made or renewed.

    A certificate that another authority signed is the customer's: it stays.  Raises SettingsError.
    """
    now = now or datetime.now(UTC)
    certificate, key = home.root / web.certificate, home.root / web.private_key
    if certificate.exists() and not key.exists():
        raise SettingsError(f"{key} is missing.", remedy="Put both files there, or remove the other one.")
    wanted = names_of(web.address, names)
    authority = ensure_authority(home, name=site_name, now=now)
    if certificate.exists() and not _is_due(certificate, key, authority, wanted, now):
        return False
    _make_leaf(home, certificate, key, wanted, now)
    return True


def renew(home: Home, settings: Settings, *, now: datetime | None = None) -> bool:
    """`ensure_leaf` with the names of the site file; True where the page needs a restart."""
    return ensure_leaf(home, settings.web, site_name=settings.site_name, now=now)


def install_own(home: Home, web: Web, chain: bytes, key: bytes) -> None:
    """Install a customer's own certificate with its chain.  Raises BadInput for a pair that cannot serve."""
    fault = own_fault(chain, key)
    if fault is not None:
        raise BadInput(fault.en, remedy="Have the certificate made again.")
    for path, data in ((home.root / web.private_key, key), (home.root / web.certificate, chain)):
        write_atomically(path, data, mode=_page_mode(path))


def remove_own(home: Home, web: Web) -> None:
    """Take the present certificate away, so that `ensure_leaf` makes one of the appliance's."""
    for name in (web.certificate, web.private_key):
        (home.root / name).unlink(missing_ok=True)


def own_fault(chain: bytes, key: bytes, *, now: datetime | None = None) -> Text | None:
    """Why a chain and a key cannot serve the page; None where they can."""
    now = now or datetime.now(UTC)
    try:
        found = x509.load_pem_x509_certificates(chain)[:CERTIFICATES_MAX]
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return Text(
            "PEMの証明書と暗号化していない鍵ではありません。", f"No PEM pair without a pass phrase: {error}."
        )
    if _public(private.public_key()) != _public(found[0].public_key()):
        return Text("鍵が証明書のものではありません。", "The key is not that of the first certificate.")
    if not found[0].not_valid_before_utc <= now <= found[0].not_valid_after_utc:
        return Text("有効期間の外です。", "The certificate is not valid now.")
    for child, parent in itertools.pairwise(found):
        try:
            child.verify_directly_issued_by(parent)
        except (ValueError, TypeError, InvalidSignature):
            return Text(
                "証明書の順がつながりません。", "The chain is not in order: each must sign the one before."
            )
    if not _names_in(found[0]):
        return Text("SANに名前がありません。", "The certificate has no subject alternative name.")
    return None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in pairs, as browsers and Windows show it."""
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def is_ours(home: Home, web: Web) -> bool:
    """Whether the page's certificate is signed by the appliance's own authority."""
    try:
        authority = x509.load_pem_x509_certificate(authority_file(home).read_bytes())
        return _is_signed_by(_first(home.root / web.certificate), authority)
    except (OSError, ValueError):
        return False


def names_of(address: str, more: Iterable[str] = ()) -> frozenset[str]:
    """What the page is reached by: this host, its loopback, its address and what else is asked for."""
    return frozenset({"localhost", "127.0.0.1", socket.gethostname(), address, *more}) - NOWHERE


def _make_authority(certificate: Path, key: Path, *, name: str, now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:60]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Yobirin appliance CA {serial % 1_000_000:06d}"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    signed = (
        _builder(subject, subject, private, days=AUTHORITY_DAYS, now=now)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    write_atomically(certificate, signed.public_bytes(serialization.Encoding.PEM), mode=0o600)
    write_atomically(key, _pem(private), mode=0o600)


def _make_leaf(home: Home, certificate: Path, key: Path, names: frozenset[str], now: datetime) -> None:
    authority = x509.load_pem_x509_certificate(authority_file(home).read_bytes())
    signer = serialization.load_pem_private_key(authority_key_file(home).read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey), "the authority's key is made above"
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yobirin")])
    signed = (
        _builder(subject, authority.subject, private, days=LEAF_DAYS, now=now)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectAlternativeName(list(_general(names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    # A crash between the two leaves a key alone, or a pair that does not fit: both are made again.
    chain = signed.public_bytes(serialization.Encoding.PEM) + authority_file(home).read_bytes()
    write_atomically(key, _pem(private), mode=_page_mode(key))
    write_atomically(certificate, chain, mode=_page_mode(certificate))


def _page_mode(path: Path) -> int:
    """The page's own user reads them, where the box has one."""
    return file_mode(path.parent) & 0o640 if path.parent.is_dir() else 0o600


def _builder(
    subject: x509.Name, issuer: x509.Name, private: ec.EllipticCurvePrivateKey, *, days: int, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .not_valid_before(now - BEHIND)
        .not_valid_after(now + timedelta(days=days))
    )


def _general(names: frozenset[str]) -> Iterator[x509.GeneralName]:
    for text in sorted(names):
        try:
            yield x509.IPAddress(ipaddress.ip_address(text))
        except ValueError:
            yield x509.DNSName(text)


def _is_due(
    certificate: Path, key: Path, authority: x509.Certificate, wanted: frozenset[str], now: datetime
) -> bool:
    leaf = _first(certificate)
    if not _is_signed_by(leaf, authority):
        return False
    remaining = leaf.not_valid_after_utc - now
    is_complete = wanted <= _names_in(leaf) and _fits(leaf, key)
    return remaining < timedelta(days=RENEW_DAYS) or not is_complete


def _fits(leaf: x509.Certificate, key: Path) -> bool:
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return False
    return _public(private.public_key()) == _public(leaf.public_key())


def _is_signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    with contextlib.suppress(ValueError, TypeError, InvalidSignature):
        leaf.verify_directly_issued_by(authority)
        return True
    return False


def _names_in(leaf: x509.Certificate) -> frozenset[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    addresses = {str(each) for each in found.get_values_for_type(x509.IPAddress)}
    return frozenset(addresses | set(found.get_values_for_type(x509.DNSName)))


def _first(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path} is no PEM certificate: {error}.", remedy="Install it again, or remove it with its key."
        ) from error


def _public(key: object) -> bytes:
    assert hasattr(key, "public_bytes")
    return bytes(
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

"""The appliance's authority and the page's certificate: made once, renewed in time, own ones left alone."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from appliance.errors import BadInput, SettingsError
from appliance.settings import Home, Web
from provisioning import authority

WEB = Web(address="192.168.10.5")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def leaf(home: Home) -> x509.Certificate:
    return x509.load_pem_x509_certificates((home.root / WEB.certificate).read_bytes())[0]


def test_the_authority_is_made_once_and_signs_a_leaf_that_openssl_accepts(home: Home) -> None:
    assert authority.ensure_leaf(home, WEB, names=("yobirin.example",))
    print_before = authority.fingerprint(authority.ensure_authority(home, name="x"))

    assert not authority.ensure_leaf(home, WEB, names=("yobirin.example",))

    assert authority.fingerprint(authority.ensure_authority(home, name="x")) == print_before
    assert authority.authority_key_file(home).stat().st_mode & 0o777 == 0o600
    assert (home.root / WEB.private_key).stat().st_mode & 0o777 == 0o600
    openssl = shutil.which("openssl")
    assert openssl is not None
    words = [openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "192.168.10.5"]
    files = ["-CAfile", str(authority.authority_file(home)), str(home.root / WEB.certificate)]
    subprocess.run([*words, *files], check=True, capture_output=True)


def test_the_leaf_is_renewed_before_it_ends_and_the_authority_is_not(home: Home) -> None:
    authority.ensure_leaf(home, WEB)
    first, ca = leaf(home).serial_number, authority.authority_file(home).read_bytes()
    now = datetime.now(UTC)

    assert not authority.ensure_leaf(home, WEB, now=now + timedelta(days=authority.LEAF_DAYS - 61))
    assert authority.ensure_leaf(home, WEB, now=now + timedelta(days=authority.LEAF_DAYS - 59))

    assert leaf(home).serial_number != first
    assert authority.authority_file(home).read_bytes() == ca


def test_a_new_address_gets_a_new_leaf(home: Home) -> None:
    authority.ensure_leaf(home, WEB)
    assert authority.ensure_leaf(home, Web(address="192.168.99.5"))
    names = leaf(home).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "192.168.99.5" in {str(name) for name in names.get_values_for_type(x509.IPAddress)}


def own_pair(directory: Path) -> tuple[bytes, bytes]:
    """A pair that another authority signed."""
    other = Home(directory / "other")
    authority.ensure_leaf(other, WEB)
    return (other.root / WEB.certificate).read_bytes(), (other.root / WEB.private_key).read_bytes()


def test_a_customers_own_certificate_stays_until_it_is_removed(home: Home, tmp_path: Path) -> None:
    chain, key = own_pair(tmp_path)
    authority.ensure_leaf(home, WEB)

    authority.install_own(home, WEB, chain, key)

    far = datetime.now(UTC) + timedelta(days=5_000)
    assert not authority.ensure_leaf(home, WEB, now=far)
    assert not authority.is_ours(home, WEB)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        home.root / WEB.certificate, home.root / WEB.private_key
    )
    authority.remove_own(home, WEB)
    assert authority.ensure_leaf(home, WEB)
    assert authority.is_ours(home, WEB)


def test_an_own_pair_that_cannot_serve_is_refused_with_its_reason(home: Home, tmp_path: Path) -> None:
    chain, key = own_pair(tmp_path)
    strange_key = own_pair(tmp_path / "second")[1]
    leaf_pem, ca_pem = (
        each.public_bytes(serialization.Encoding.PEM) for each in x509.load_pem_x509_certificates(chain)
    )
    strange_ca = own_pair(tmp_path / "third")[0]

    assert authority.own_fault(chain, key) is None
    for bad_chain, bad_key, reason in (
        (b"nothing", key, "PEM"),
        (chain, strange_key, "not that of"),
        (leaf_pem + strange_ca, key, "not in order"),
        (ca_pem, key, "not that of"),
    ):
        with pytest.raises(BadInput, match=reason):
            authority.install_own(home, WEB, bad_chain, bad_key)
    later = datetime.now(UTC) + timedelta(days=800)
    fault = authority.own_fault(chain, key, now=later)
    assert fault is not None
    assert "not valid now" in fault.en


def test_half_an_authority_is_told(home: Home) -> None:
    authority.ensure_leaf(home, WEB)
    authority.authority_key_file(home).unlink()
    with pytest.raises(SettingsError, match=r"appliance-ca.key"):
        authority.ensure_leaf(home, WEB)


def test_a_crash_between_key_and_certificate_is_made_good(home: Home) -> None:
    authority.ensure_leaf(home, WEB)
    strange = Home(home.root / "strange")
    authority.ensure_leaf(strange, WEB)
    (home.root / WEB.private_key).write_bytes((strange.root / WEB.private_key).read_bytes())

    assert authority.ensure_leaf(home, WEB)

    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        home.root / WEB.certificate, home.root / WEB.private_key
    )
    (home.root / WEB.certificate).unlink()
    assert authority.ensure_leaf(home, WEB)
